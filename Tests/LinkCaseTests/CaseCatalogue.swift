// Finds the cases and unfolds each into its runs: output kind × compiler driver × `each` values.
//
// A run is one argument of the parameterised test, so a failure names the exact combination.
// WELD_CASE narrows them by prefix: `WELD_CASE=tls-models` or `WELD_CASE=tls-models/pie/gcc`;
// several prefixes are separated by commas.

import Glibc
import TestSupport
import Testing

/// What the linker is asked to make.
enum OutputKind: String, Sendable, CaseIterable {
  case staticExecutable = "static"
  case staticPIE = "static-pie"
  case pie
  case noPIE = "no-pie"
  /// A shared library whose `main` a host program finds by dlopen and calls.
  case shared

  var compileFlags: [String] {
    switch self {
    case .staticExecutable, .noPIE: ["-fno-pie"]
    case .staticPIE, .pie: ["-fPIE"]
    case .shared: ["-fPIC"]
    }
  }

  var linkFlags: [String] {
    switch self {
    case .staticExecutable: ["-static"]
    case .staticPIE: ["-static-pie"]
    case .pie: ["-pie"]
    case .noPIE: ["-no-pie"]
    case .shared: ["-shared"]
    }
  }
}

/// The compiler that compiles and that calls the linker.
enum Driver: String, Sendable {
  case gcc, clang, rustc, swiftc

  /// These take seconds, not fractions of one, and are a suite of their own.
  var isSlow: Bool { self == .rustc || self == .swiftc }
}

/// One folder of Tests/LinkCases.
struct LinkCase: Sendable {
  var name: String
  var directory: String
  /// The source with the directives, `main.*`.
  var mainSource: String
  var directives: [Directive]
}

/// A case in one combination of its matrix.
struct CaseRun: Sendable, CustomTestStringConvertible {
  var linkCase: LinkCase
  var kind: OutputKind
  var driver: Driver
  /// The values of `each` variables, in the order of their directives.
  var choices: [(name: String, value: String)]

  /// `case/kind/driver/value…`
  var name: String {
    ([linkCase.name, kind.rawValue, driver.rawValue] + choices.map(\.value)).joined(separator: "/")
  }

  var testDescription: String { name }

  /// What conditions of directives may ask for.
  func tags(_ flavour: LinkerUnderTest.Flavour) -> Set<String> {
    Set([kind.rawValue, driver.rawValue, flavour.rawValue] + choices.map(\.value))
  }
}

/// All cases, or what is wrong with them.
struct CaseCatalogue: Sendable {
  var runs: [CaseRun] = []
  /// Bad directives, and programs that are not there.
  var problems: [String] = []

  static let shared = CaseCatalogue()

  private init() {
    let testBed: TestBed
    switch TestBed.shared {
    case .success(let bed): testBed = bed
    case .failure(let failure):
      problems.append(failure.description)
      return
    }
    let filter = getenv("WELD_CASE").map {
      String(cString: $0).split(separator: ",").map(String.init)
    }
    for name in directoryEntries(testBed.casesDirectory) {
      let directory = testBed.casesDirectory + "/" + name
      let mains = directoryEntries(directory).filter { $0.hasPrefix("main.") }
      guard let main = mains.first else { continue }
      // Cases that nobody asked for may want programs that are not there.
      if let filter,
        !filter.contains(where: { name.hasPrefix($0) || $0.hasPrefix(name + "/") })
      {
        continue
      }
      do throws(CaseFailure) {
        let directives = try Directive.parse(
          readText(directory + "/" + main) ?? "", file: name + "/" + main)
        let linkCase = LinkCase(
          name: name, directory: directory, mainSource: main, directives: directives)
        for run in try linkCase.unfolded(for: testBed.linker.flavour)
        where filter?.contains(where: run.name.hasPrefix) ?? true { runs.append(run) }
      } catch {
        problems.append(error.description)
      }
    }
    if runs.isEmpty { problems.append("no case matches; WELD_CASE wants prefixes of run names") }
  }
}

extension LinkCase {
  /// The values of a directive that is a list of words.
  private func list(_ key: String) -> [String]? {
    let values = directives.filter { $0.key == key }.flatMap { splitWords($0.value) }
    return values.isEmpty ? nil : values
  }

  private func missing(_ program: String) -> CaseFailure {
    CaseFailure(
      "\(name): \(program) is not on the path; `make packages-for-tests` installs what tests need")
  }

  /// The matrix of this case, without the combinations its `without` directives exclude.
  func unfolded(for flavour: LinkerUnderTest.Flavour) throws(CaseFailure) -> [CaseRun] {
    for tool in list("needs") ?? [] where findInPath(tool) == nil {
      throw missing(tool)
    }

    var kinds: [OutputKind] = []
    for word in list("kinds") ?? ["pie"] {
      guard let kind = OutputKind(rawValue: word) else {
        throw CaseFailure("\(name): unknown output kind \(word)")
      }
      kinds.append(kind)
    }
    var drivers: [Driver] = []
    for word in list("drivers") ?? ["gcc", "clang"] {
      guard let driver = Driver(rawValue: word) else {
        throw CaseFailure("\(name): unknown driver \(word)")
      }
      // The one compiler that neither Debian's packages here nor the Swift toolchain bring.
      if driver == .rustc, findInPath(word) == nil {
        var note = "\(name): left out, as there is no rustc on the path\n"
        note.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
        continue
      }
      guard findInPath(word) != nil else { throw missing(word) }
      drivers.append(driver)
    }
    var choices: [[(name: String, value: String)]] = [[]]
    for directive in directives where directive.key == "each" {
      let parts = directive.value.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else {
        throw CaseFailure("\(name):\(directive.line): `each` is written `NAME = value value`")
      }
      choices = choices.flatMap { before in
        splitWords(parts[1]).map { before + [(trimmed(parts[0]), $0)] }
      }
    }

    var runs: [CaseRun] = []
    for kind in kinds {
      for driver in drivers {
        for choice in choices {
          let run = CaseRun(linkCase: self, kind: kind, driver: driver, choices: choice)
          let tags = run.tags(flavour)
          let excluded = directives.contains { directive in
            // `without: TAG+TAG reason`: all tags must hold.
            directive.key == "without"
              && splitWords(directive.value)[0].split(separator: "+").allSatisfy {
                tags.contains(String($0))
              }
          }
          if !excluded { runs.append(run) }
        }
      }
    }
    return runs
  }
}
