import Glibc
import Linker
import Platform

/// Which file a process runs: a program that is built again under the same name is another one.
public struct ProgramIdentity: Hashable, Sendable, CustomStringConvertible {
  public var device: UInt64
  public var inode: UInt64
  /// The GNU build-id; empty if the file has none.
  public var buildID: [UInt8]
  /// e_machine, and whether the file is of the 64-bit class.
  public var machine: UInt16
  public var is64Bit: Bool

  /// The identity of a program's file as it is now.
  ///
  /// - Throws: `SwapError.Code.otherProgram` if it cannot be read or is no ELF file of this
  ///   machine's byte order.
  public init(path: String) throws(SwapError) {
    let file: FileDescriptor
    let status: stat
    do {
      file = try FileDescriptor.open(path, flags: O_RDONLY)
    } catch { throw SwapError(.otherProgram, "cannot open \(path): \(error)") }
    defer { file.close() }
    do {
      status = try file.status()
    } catch { throw SwapError(.otherProgram, "cannot ask for the identity of \(path): \(error)") }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    let header = Self.bytes(of: file, at: 0, count: 64)
    // ELF identification: magic, class, data. Source: gABI, ELF header.
    guard header.count == 64, header.starts(with: [0x7f, 0x45, 0x4c, 0x46]), header[5] == 1 else {
      throw SwapError(.otherProgram, "\(path) is not a little-endian ELF file")
    }
    is64Bit = header[4] == 2
    machine = UInt16(Self.number(header, 18, 2))
    buildID = is64Bit ? Self.buildID(of: file, header: header) : []
  }

  /// Whether two identities mean the same program: the same file, or a copy with the same build-id.
  public func isSameProgram(as other: ProgramIdentity) -> Bool {
    if device == other.device && inode == other.inode { return true }
    return !buildID.isEmpty && buildID == other.buildID
  }

  public var description: String {
    let id = buildID.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return "inode \(inode)" + (id.isEmpty ? "" : ", build-id \(id)")
  }

  /// Why the program of a process on this machine cannot be swapped in, nil if it can.
  ///
  /// - Parameter image: the machine that the image is for.
  func mismatch(with image: ImageMachine?) -> String? {
    guard let host = Registers.machine else {
      return "code can be swapped on x86-64 and aarch64 only: restart the program"
    }
    if let image, image != host {
      return "the image is for \(image.rawValue), but this is a process of \(host.rawValue):"
        + " swap on the machine that the program runs on"
    }
    if !is64Bit {
      return "the process runs a 32-bit program: only 64-bit programs can be swapped"
    }
    if machine != Registers.elfMachine {
      return "the process runs a program for machine \(machine), not \(host.rawValue):"
        + " an emulator's process cannot be swapped"
    }
    return nil
  }

  // MARK: Reading

  private static func bytes(of file: FileDescriptor, at offset: UInt64, count: Int) -> [UInt8] {
    guard let at = off_t(exactly: offset), count <= 1 << 16 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let read = try? retrying { pread(file.raw, buffer.baseAddress, count, at) }
      initialized = read ?? 0
    }
  }

  private static func number(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<size where offset + index < bytes.count {
      value |= UInt64(bytes[offset + index]) << (8 * UInt64(index))
    }
    return value
  }

  /// The note of type NT_GNU_BUILD_ID (3) in the program's PT_NOTE (4) segments.
  private static func buildID(of file: FileDescriptor, header: [UInt8]) -> [UInt8] {
    let entrySize = Int(number(header, 54, 2))
    let count = Int(number(header, 56, 2))
    guard entrySize >= 56, count <= 1000 else { return [] }
    let table = bytes(of: file, at: number(header, 32, 8), count: entrySize * count)
    for index in 0..<count where number(table, index * entrySize, 4) == 4 {
      let offset = number(table, index * entrySize + 8, 8)
      let size = number(table, index * entrySize + 32, 8)
      guard size <= 1 << 16 else { continue }
      let notes = bytes(of: file, at: offset, count: Int(size))
      let alignment = number(table, index * entrySize + 48, 8) == 8 ? 8 : 4
      var at = 0
      while at + 12 <= notes.count {
        let nameSize = Int(number(notes, at, 4))
        let valueSize = Int(number(notes, at + 4, 4))
        let name = at + 12
        let value = at + (12 + nameSize + alignment - 1) / alignment * alignment
        guard value + valueSize <= notes.count else { break }
        if number(notes, at + 8, 4) == 3, notes[name..<name + nameSize].elementsEqual("GNU\0".utf8)
        {
          return Array(notes[value..<value + valueSize])
        }
        at = value + (valueSize + alignment - 1) / alignment * alignment
      }
    }
    return []
  }
}
