import ELFFormat

/// A machine: what the engine asks of it. All members are static; a pass that needs the machine is
/// generic over it and instantiated in this module, so that nothing is dispatched per relocation.
protocol Target: Sendable {
  associatedtype Encoding: ELFEncoding

  static var machine: UInt16 { get }
  /// The machine as those who build images call it.
  static var imageMachine: ImageMachine { get }
  static var emulations: [String] { get }
  /// What `--oformat` may call the output.
  static var formatNames: [String] { get }
  /// Where GNU ld for this machine looks for libraries without being told, in its order.
  static var libraryDirectories: [String] { get }
  /// The program interpreter, unless `-dynamic-linker` names one.
  static var interpreter: String { get }
  /// Bytes.
  static var maximumPageSize: UInt64 { get }
  static var commonPageSize: UInt64 { get }
  static var defaultImageBase: UInt64 { get }
  /// e_flags of the output.
  static var headerFlags: UInt32 { get }
  /// Fills gaps between pieces of code.
  static var codeFill: UInt8 { get }
  /// Types of the dynamic relocations that the engine writes.
  static var dynamicTypes: DynamicTypes { get }
  /// Bytes of procedure linkage tables.
  static var pltHeaderSize: UInt64 { get }
  static var pltEntrySize: UInt64 { get }
  /// Bytes of an entry that jumps through a slot which is filled at start.
  static var directPLTEntrySize: UInt64 { get }

  /// Whether relocations hold their addends (RELA); if not, the places that they relocate do (REL).
  static var relocationsHoldAddends: Bool { get }
  /// The addend that a place holds, on a machine whose relocations do not.
  static func addend(type: UInt32, at place: UnsafeRawPointer) -> Int64

  /// The name of a relocation type, for messages.
  static func relocationName(_ type: UInt32) -> String

  /// Looks at the relocations of one live atom: notes what its symbols need, and which dynamic
  /// relocations the atom will carry.
  ///
  /// - Parameter link: that of the context; a parameter of its own is not counted as a reference,
  ///   which two threads would do in turns to one counter for each atom.
  static func scan(_ link: UnplacedLink, _ context: inout ScanContext, _ atom: AtomIndex)

  /// Bytes that a relocation writes if a plain reference (`Destination.isSpecial`) of this type asks
  /// for nothing, so that the scan may pass it over; else 0.
  static func plainWidth(type: UInt32, isPositionIndependent: Bool) -> UInt64
  /// Whether all that a function of another component needs for this type is a stub.
  static func isCall(type: UInt32) -> Bool

  /// Applies the relocations of an atom to its bytes at `place`, which hold `atom.size` bytes.
  static func apply(
    _ link: LaidOutLink, _ context: inout ApplyContext, _ atom: AtomIndex,
    _ place: UnsafeMutableRawPointer
  )

  /// Applies one relocation, of a type that `dataSize` knows, to data without policy: used for frame
  /// descriptions.
  /// - Returns: false if what was to be written does not fit.
  static func applyData(
    type: UInt32, place: UnsafeMutableRawPointer, value: UInt64, address: UInt64
  ) -> Bool

  /// Bytes that `applyData` writes for a type; 0 for types that do nothing, nil for unknown ones.
  static func dataSize(type: UInt32) -> Int?

  static func writePLTHeader(_ p: UnsafeMutableRawPointer, plt: UInt64, pltSlots: UInt64)
  static func writePLTEntry(
    _ p: UnsafeMutableRawPointer, address: UInt64, slot: UInt64, index: Int, plt: UInt64)
  static func writeDirectPLTEntry(_ p: UnsafeMutableRawPointer, address: UInt64, slot: UInt64)
  /// Where in an entry the loader's slot leads at first: behind the jump through the slot.
  static var lazyEntryOffset: UInt64 { get }

  /// With branch tracking, entries begin with a landing pad, and a lazy entry is in two parts: this
  /// one calls the loader, the other, written by `writeLandingPLTEntry`, is the function's address.
  static func writeLandingLazyEntry(
    _ p: UnsafeMutableRawPointer, address: UInt64, index: Int, plt: UInt64)
  static func writeLandingPLTEntry(_ p: UnsafeMutableRawPointer, address: UInt64, slot: UInt64)
  /// Bytes of an entry with a landing pad.
  static var landingPLTEntrySize: UInt64 { get }
}

/// Dynamic relocation types of a machine.
struct DynamicTypes {
  var absolute: UInt32
  var relative: UInt32
  var globalData: UInt32
  var jumpSlot: UInt32
  var copy: UInt32
  var indirectRelative: UInt32
  var tlsModule: UInt32
  var tlsOffset: UInt32
  var tlsStaticOffset: UInt32
  var tlsDescriptor: UInt32
}

extension Target {
  static var relocationsHoldAddends: Bool { true }
  static func addend(type: UInt32, at place: UnsafeRawPointer) -> Int64 { 0 }

  /// The encoding, for those who are not generic over the machine.
  static var encoding: any ELFEncoding.Type { Encoding.self }
}
