import ELFComparison

/// What the command line asks for.
struct CommandLineOptions {
  /// A command line that cannot be obeyed.
  struct Misuse: Error, CustomStringConvertible {
    let description: String
  }

  var isCheck = false
  var isJSON = false
  var wantsHelp = false
  var paths: [String] = []
  var ignored: Set<Aspect> = []
  var comparison = ComparisonOptions()

  static let help = """
    usage: elf-compare [options] A B
           elf-compare --check [options] FILE...

    Compares two linked ELF files by meaning, blind to placement, or verifies that a file is
    consistent in itself. Exit status: 0 nothing found, 1 something found, 2 trouble.

      --check               verify each FILE alone
      --ignore=ASPECT,...   leave out findings about these; one of
                            \(Aspect.allCases.map(\.rawValue).joined(separator: " "))
      --ignore-symbol=NAME  leave out one symbol's bytes; may be repeated
      --debug-tolerance=N   let .debug_* sizes differ by N percent (5)
      --json                print findings as JSON, one object a comparison

    """

  mutating func parse(_ arguments: [String]) throws(Misuse) {
    for argument in arguments {
      if argument == "--check" {
        isCheck = true
      } else if argument == "--json" {
        isJSON = true
      } else if argument == "--help" {
        wantsHelp = true
        return
      } else if argument.hasPrefix("--ignore=") {
        for name in argument.dropFirst("--ignore=".count).split(separator: ",") {
          guard let aspect = Aspect(rawValue: String(name)) else {
            throw Misuse(description: "--ignore=\(name): no such aspect; see --help")
          }
          ignored.insert(aspect)
        }
      } else if argument.hasPrefix("--ignore-symbol=") {
        comparison.ignoredSymbols.insert(String(argument.dropFirst("--ignore-symbol=".count)))
      } else if argument.hasPrefix("--debug-tolerance=") {
        let value = argument.dropFirst("--debug-tolerance=".count)
        guard let percent = Int(value), 0...100 ~= percent else {
          throw Misuse(description: "\(argument): not a percentage")
        }
        comparison.debugTolerance = percent
      } else if argument.hasPrefix("-") {
        throw Misuse(description: "\(argument): no such option; see --help")
      } else {
        paths.append(argument)
      }
    }
    comparison.ignored = ignored
    if isCheck ? paths.isEmpty : paths.count != 2 {
      throw Misuse(
        description: isCheck ? "--check needs a file" : "comparing needs two files; see --help")
    }
  }
}
