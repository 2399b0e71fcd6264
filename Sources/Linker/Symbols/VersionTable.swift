import ELFFormat
import Platform
import ScriptParsing
import Symbolication

/// Symbol versions: those that the output defines, what each symbol gets of them, and those that
/// the output needs of libraries.
///
/// Numbers: 0 is "local" and 1 "global, without a version"; with definitions, 1 is also the output
/// itself; the definitions follow from 2 on in the order of the scripts, then the needed versions.
/// Source: Linux Standard Base, "Symbol Versioning".
struct VersionTable: @unchecked Sendable {
  /// VER_NDX_LOCAL.
  static let local: UInt16 = 0
  /// VER_NDX_GLOBAL.
  static let global: UInt16 = 1
  /// Not the default version of its name: only references that ask for the version find it.
  static let hidden: UInt16 = 0x8000
  /// Numbers have 15 bits.
  static let maximum = 0x7fff

  /// A version that the output defines.
  struct Definition: Sendable {
    var name: ByteString
    var parents: [ByteString]
    var number: UInt16
    /// The script says nothing about symbols.
    var isEmpty: Bool
  }

  private(set) var scripts: [VersionScript] = []
  /// Versions by number, from 2 on.
  private(set) var definitions: [Definition] = []
  private var numbers: [ByteString: UInt16] = [:]
  /// For each symbol of the link its number, with `hidden`; 0 for those that nothing was said of.
  let symbolVersions = ReservedTable<UInt16>(capacity: 1 << 27, of: "symbol versions")
  /// For each definition whether a symbol named it in its own name.
  fileprivate(set) var mentions: UnsafeMutablePointer<UInt32> = allocateZeroed(count: 1)

  var hasScript: Bool { !scripts.isEmpty }

  /// Adds a script after those that came before.
  ///
  /// - Throws: `InputError` for a version that was defined before, a parent that wasn't, a version
  ///   without a name next to others, and too many versions.
  mutating func add(_ script: VersionScript) throws(InputError) {
    if let (node, parent) = script.undefinedParent(after: scripts) {
      throw InputError(
        "line \(node.line): version '\(node.name)' depends on '\(parent)', which is not defined"
          + " before it")
    }
    let others = scripts.contains { !$0.nodes.isEmpty }
    for node in script.nodes {
      if others, node.name.isEmpty || scripts.contains(where: { $0.nodes.first?.name == "" }) {
        throw InputError(
          "line \(node.line): a version without a name cannot be combined with other versions")
      }
      if node.name.isEmpty { continue }
      let number = definitions.count + 2
      guard number < Self.maximum else {
        throw InputError("line \(node.line): more than \(Self.maximum - 2) versions")
      }
      guard numbers.updateValue(UInt16(number), forKey: node.name) == nil else {
        throw InputError("line \(node.line): version '\(node.name)' is defined twice")
      }
      definitions.append(
        Definition(
          name: node.name, parents: node.parents, number: UInt16(number),
          isEmpty: node.globals.isEmpty && node.locals.isEmpty))
    }
    scripts.append(script)
    mentions = allocateZeroed(count: definitions.count)
  }

  /// Definitions of versions that the numbers leave room for.
  static var mostDefinitions: Int { maximum - 2 }

  /// The number of a version, which is defined if it was not; nil if there are too many.
  mutating func define(_ name: ByteString) -> UInt16? {
    if let number = numbers[name] { return number }
    if definitions.count >= Self.mostDefinitions { return nil }
    let number = UInt16(definitions.count + 2)
    numbers[name] = number
    definitions.append(Definition(name: name, parents: [], number: number, isEmpty: false))
    return number
  }

  /// The number of a version that the output defines.
  func number(of name: ByteString) -> UInt16? { numbers[name] }

  /// What a node of a script makes of the symbols in one of its lists.
  func number(of node: VersionScript.Node, _ scope: VersionScript.Scope) -> UInt32 {
    if scope == .local { return UInt32(Self.local) }
    return UInt32(node.name.isEmpty ? Self.global : numbers[node.name] ?? Self.global)
  }
}

/// `foo@V` or `foo@@V`: the version in a symbol's name, as the assembler's `.symver` makes it.
struct VersionSuffix: Equatable {
  var version: ByteString
  var isDefault: Bool
}

extension VersionSuffix {
  /// Nil if the name has none.
  init?(of name: ByteString) {
    guard let at = name.firstIndex(of: 0x40), at > 0 else { return nil }
    var rest = name.dropFirst(at + 1)
    isDefault = rest.hasPrefix("@")
    if isDefault { rest = rest.dropFirst(1) }
    // `foo@@@V`: the default version where it is defined.
    if isDefault, rest.hasPrefix("@") { rest = rest.dropFirst(1) }
    version = rest
  }
}
