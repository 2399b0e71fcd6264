/// A compiler's name for a thing that it places in an image: a function, a variable, a constant.
/// The number is the compiler's own; the image only compares it.
public struct Declaration: Hashable, Sendable {
  public var key: UInt64
  @inlinable public init(_ key: UInt64) { self.key = key }
}

/// A symbol of an image. Stays the same from the first use of a declaration until it is freed.
public struct ImageSymbol: Hashable, Sendable {
  /// Index in the image's symbol table.
  public let index: UInt32
  @inlinable public init(index: UInt32) { self.index = index }
}

/// What the bytes of a declaration are, which decides their section.
public enum DataKind: UInt8, Sendable {
  /// `.data`, or `.bss` if all bytes are zero and nothing in them refers to a symbol; with a
  /// `liveReserve`, zeroed variables of up to 4096 bytes go to `.data`, too.
  case mutable
  /// `.rodata`.
  case immutable
  /// `.tdata`, or `.tbss` if all bytes are zero; each thread has its own.
  case threadLocal
}

/// A place in a declaration's bytes that holds the address of another symbol.
public struct DataRelocation: Sendable {
  /// What is written at the place.
  public enum Kind: UInt8, Sendable, BitwiseCopyable {
    /// The address, as wide as a pointer.
    case address
    /// What to add to the thread pointer to reach a thread-local variable, as wide as a pointer.
    case threadOffset
    /// The low 32 bits of the distance from the place to the address; refused if it does not fit.
    case relative32
    /// What to add to the thread pointer, in 32 bits; refused if it does not fit.
    case threadOffset32
    /// Nothing is written: the bytes reach the target through its slot. For compilers that want
    /// names which nothing defines to be reported with who refers to them, and no longer once
    /// nobody does.
    case slotUse
  }
  /// Bytes from the declaration's start.
  public var offset: UInt64
  public var target: ImageSymbol
  public var addend: Int64
  public var kind: Kind

  @inlinable
  public init(offset: UInt64, target: ImageSymbol, addend: Int64 = 0, kind: Kind = .address) {
    self.offset = offset
    self.target = target
    self.addend = addend
    self.kind = kind
  }
}

/// A name by which a declaration is known outside its compiler's unit.
public struct Export: Sendable, Hashable {
  public enum Binding: UInt8, Sendable, BitwiseCopyable {
    case local
    case strong
    case weak
    /// As weak; equal definitions in several places stand for each other.
    case linkOnce
  }
  public enum Visibility: UInt8, Sendable, BitwiseCopyable {
    case `default`
    case hidden
    case protected
  }
  public var name: String
  public var binding: Binding
  public var visibility: Visibility
  /// The section that holds the declaration, where it is not the one of its kind: exports that
  /// name one agree on it. Names that mean something to linkers or loaders are refused.
  public var section: String?

  @inlinable
  public init(
    _ name: String, binding: Binding = .strong, visibility: Visibility = .default,
    section: String? = nil
  ) {
    self.name = name
    self.binding = binding
    self.visibility = visibility
    self.section = section
  }
}

/// What is made at its first use: `lazySymbol`.
public enum LazyKind: UInt8, Sendable {
  /// Code, in `.text`.
  case code
  /// Constants, in `.rodata`.
  case constant
}

/// Which lazy symbol of a kind.
public enum LazyKey: Hashable, Sendable {
  /// A key of the compiler's own.
  case key(UInt64)
  /// One that depends on all others, such as a table of them: it is made when the image is flushed.
  case all
}

/// Bytes that a lazy symbol stands for.
public struct LazyContent: Sendable {
  public var bytes: [UInt8]
  /// log2 of the alignment in bytes.
  public var alignment: UInt8
  public var relocations: [DataRelocation]
  public init(bytes: [UInt8], alignment: UInt8 = 0, relocations: [DataRelocation] = []) {
    self.bytes = bytes
    self.alignment = alignment
    self.relocations = relocations
  }
}

/// Why an image refused a call; it is then as it was before.
public struct ImageError: Error, CustomStringConvertible, Sendable {
  public enum Code: Sendable {
    /// The system gave no more memory, address space or room on the disk, or a limit is reached.
    case outOfRoom
    /// A file could not be opened, written or renamed.
    case file
    /// A name is defined by two strong definitions.
    case duplicate
    /// A flush found names that nothing defines.
    case undefined
    /// There is no entry point.
    case noEntry
    /// A value does not fit the place it is for.
    case range
    /// What was asked for makes no sense: the text says why.
    case invalid
    /// What was linked into the image from files is in error.
    case inputs
    /// A running process cannot take the change.
    case notSwappable
  }
  public let code: Code
  /// What went wrong, with its names and values, and the remedy.
  public let message: String
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
  public var description: String { message }
}
