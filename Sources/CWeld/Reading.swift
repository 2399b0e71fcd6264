import CWeldHeader
import Glibc
import Weld

// What C passes in is checked here, since nothing else in the language does.

/// A text, which is not null.
func text(_ pointer: UnsafePointer<CChar>?, _ what: String) throws -> String {
  guard let pointer else { throw Failure.invalid("\(what) is null: pass a text") }
  guard let text = String(validatingCString: pointer) else {
    throw Failure.invalid("\(what) is not UTF-8: '\(String(cString: pointer))'")
  }
  return text
}

/// A list with its count; may be null if it is empty.
func list<Element>(
  _ start: UnsafePointer<Element>?, _ count: Int, _ what: String
) throws -> UnsafeBufferPointer<Element> {
  // Half of the address space is nobody's, and sizes with the highest bit set are negative here.
  guard count >= 0, count <= Int.max / MemoryLayout<Element>.stride else {
    throw Failure.invalid("\(what): \(UInt(bitPattern: count)) is more than there can be")
  }
  guard count == 0 || start != nil else {
    throw Failure.invalid("\(what) is null, but is to have \(count) elements")
  }
  // Most numbers that are wrong are far too large.
  guard leadsToMemory(start, count * MemoryLayout<Element>.stride) else {
    throw Failure.invalid(
      "\(what): there are no \(count) elements where it points; the memory there ends before them")
  }
  return UnsafeBufferPointer(start: start, count: count)
}

/// Whether all of a range is mapped, if it is more than a few pages; fewer are not worth the call.
private func leadsToMemory(_ start: UnsafeRawPointer?, _ bytes: Int) -> Bool {
  guard let start, bytes >= 1 << 16 else { return true }
  let first = UInt(bitPattern: start) & ~UInt(getpagesize() - 1)
  let (end, overflow) = UInt(bitPattern: start).addingReportingOverflow(UInt(bytes))
  if overflow || end > UInt(Int.max) { return false }
  // All that this does is to look.
  return msync(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), MS_ASYNC) == 0
}

/// A list of which the caller is about to make a copy: refused where there is no room for it.
func copied<Element>(
  _ list: UnsafeBufferPointer<Element>, _ what: String
) throws -> UnsafeBufferPointer<Element> {
  // A copy has larger elements, and may be made in steps.
  let (bytes, overflow) = list.count.multipliedReportingOverflow(
    by: 4 * (MemoryLayout<Element>.stride + 32))
  if !overflow, bytes < 1 << 20 { return list }
  let probe =
    overflow ? nil : mmap(nil, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  guard let probe, probe != MAP_FAILED else {
    throw Failure(WELD_ERROR_OUT_OF_ROOM, "out of memory for \(what): \(list.count) elements")
  }
  munmap(probe, bytes)
  return list
}

/// Texts up to a null pointer.
func texts(
  _ start: UnsafePointer<UnsafePointer<CChar>?>, _ what: String
) throws -> [String] {
  var texts: [String] = []
  while let pointer = start[texts.count] { texts.append(try text(pointer, what)) }
  return texts
}

/// Where something is to be stored, which is not null.
func place<Value>(
  _ pointer: UnsafeMutablePointer<Value>?, _ what: String
) throws -> UnsafeMutablePointer<Value> {
  guard let pointer else {
    throw Failure.invalid("\(what) is null: pass where to store it")
  }
  return pointer
}

/// Checks the size that a structure begins with.
///
/// All sizes that there have been are those of the present version. A member added later must not
/// lie in what is padding now, as old callers do not clear that; from then on, a structure of an
/// earlier size is copied to a zeroed one.
private func checkSize(
  _ pointer: UnsafeRawPointer, of what: String, known: Int, isRead: Bool
) throws {
  let size = pointer.load(as: UInt.self)
  guard size >= known else {
    throw Failure.invalid(
      "\(what) has a size of \(size) bytes, which is less than \(known): set it to the structure's"
        + " sizeof")
  }
  // More than any version will have is no size at all.
  guard size <= 4096 else {
    throw Failure.invalid(
      "\(what) cannot have a size of \(size) bytes: set it to the structure's sizeof")
  }
  guard isRead else { return }
  for offset in known..<Int(size) where pointer.load(fromByteOffset: offset, as: UInt8.self) != 0 {
    throw Failure.invalid(
      "\(what) uses what weld \(WELD_VERSION) does not know (byte \(offset)): use a newer library")
  }
}

/// A structure that begins with its size.
func structure<Value: BitwiseCopyable>(
  _ pointer: UnsafePointer<Value>?, _ what: String
) throws -> Value {
  guard let pointer else { throw Failure.invalid("\(what) is null: pass a structure") }
  try checkSize(pointer, of: what, known: MemoryLayout<Value>.stride, isRead: true)
  return pointer.pointee
}

/// A structure that begins with its size, to be filled in.
func checkOutput<Value: BitwiseCopyable>(
  _ pointer: UnsafeMutablePointer<Value>?, _ what: String
) throws -> UnsafeMutablePointer<Value> {
  let pointer = try place(pointer, what)
  try checkSize(pointer, of: what, known: MemoryLayout<Value>.stride, isRead: false)
  return pointer
}

private func unknown(_ value: UInt32, _ what: String) -> Failure {
  .invalid("\(value) is no \(what)")
}

extension ImageMachine {
  init(_ value: weld_machine) throws {
    switch value {
    case WELD_MACHINE_X86_64: self = .x86_64
    case WELD_MACHINE_AARCH64: self = .aarch64
    case WELD_MACHINE_ARM: self = .arm
    case WELD_MACHINE_RISCV64: self = .riscv64
    case WELD_MACHINE_SPARC64: self = .sparc64
    default: throw unknown(value.rawValue, "machine")
    }
  }
}

extension StartupFiles.System {
  /// Nil for none.
  static func of(_ value: weld_system) throws -> Self? {
    switch value {
    case WELD_SYSTEM_NONE: nil
    case WELD_SYSTEM_LINUX_GLIBC: .linuxGlibc
    case WELD_SYSTEM_LINUX_MUSL: .linuxMusl
    case WELD_SYSTEM_FREEBSD: .freeBSD
    case WELD_SYSTEM_OPENBSD: .openBSD
    case WELD_SYSTEM_NETBSD: .netBSD
    case WELD_SYSTEM_DRAGONFLY: .dragonFly
    case WELD_SYSTEM_HAIKU: .haiku
    case WELD_SYSTEM_ILLUMOS: .illumos
    case WELD_SYSTEM_ANDROID: .android
    default: throw unknown(value.rawValue, "system")
    }
  }
}

extension StartupFiles.Mode {
  init(_ value: weld_mode) throws {
    switch value {
    case WELD_MODE_DYNAMIC: self = .dynamic
    case WELD_MODE_STATIC: self = .static
    case WELD_MODE_PIE: self = .pie
    case WELD_MODE_STATIC_PIE: self = .staticPIE
    case WELD_MODE_SHARED: self = .shared
    default: throw unknown(value.rawValue, "mode of a program")
    }
  }
}

extension DataKind {
  init(_ value: weld_data_kind) throws {
    switch value {
    case WELD_DATA_MUTABLE: self = .mutable
    case WELD_DATA_IMMUTABLE: self = .immutable
    case WELD_DATA_THREAD_LOCAL: self = .threadLocal
    default: throw unknown(value.rawValue, "kind of data")
    }
  }
}

extension LazyKind {
  init(_ value: weld_lazy_kind) throws {
    switch value {
    case WELD_LAZY_CODE: self = .code
    case WELD_LAZY_CONSTANT: self = .constant
    default: throw unknown(value.rawValue, "kind of lazy symbol")
    }
  }

  var value: weld_lazy_kind {
    switch self {
    case .code: WELD_LAZY_CODE
    case .constant: WELD_LAZY_CONSTANT
    }
  }
}

extension DataRelocation {
  init(_ value: weld_relocation) throws {
    let kind: Kind =
      switch value.kind {
      case WELD_RELOCATION_ADDRESS: .address
      case WELD_RELOCATION_THREAD_OFFSET: .threadOffset
      case WELD_RELOCATION_RELATIVE_32: .relative32
      case WELD_RELOCATION_THREAD_OFFSET_32: .threadOffset32
      case WELD_RELOCATION_SLOT_USE: .slotUse
      default: throw unknown(value.kind.rawValue, "kind of relocation")
      }
    self.init(
      offset: value.offset, target: ImageSymbol(index: value.target), addend: value.addend,
      kind: kind)
  }

  static func list(
    _ start: UnsafePointer<weld_relocation>?, _ count: Int
  ) throws -> [DataRelocation] {
    if count == 0 { return [] }
    return try copied(
      CWeld.list(start, count, "the list of relocations"), "the list of relocations"
    ).map { try DataRelocation($0) }
  }
}

extension Export {
  init(_ value: weld_export) throws {
    let binding: Binding =
      switch value.binding {
      case WELD_BINDING_LOCAL: .local
      case WELD_BINDING_STRONG: .strong
      case WELD_BINDING_WEAK: .weak
      case WELD_BINDING_LINK_ONCE: .linkOnce
      default: throw unknown(value.binding.rawValue, "binding")
      }
    let visibility: Visibility =
      switch value.visibility {
      case WELD_VISIBILITY_DEFAULT: .default
      case WELD_VISIBILITY_HIDDEN: .hidden
      case WELD_VISIBILITY_PROTECTED: .protected
      default: throw unknown(value.visibility.rawValue, "visibility")
      }
    self.init(
      try text(value.name, "the name of an export"), binding: binding, visibility: visibility,
      section: try value.section.map { try text($0, "the section of an export") })
  }
}
