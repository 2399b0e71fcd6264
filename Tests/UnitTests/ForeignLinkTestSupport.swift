import ELFFormat
import Glibc
import Platform
import TestSupport

@testable import Linker

/// A code module as a test plays it: machine code at a fixed address, data at another, and the file
/// that the image engine would make of them and of the rest of the program.
struct TestModule {
  static let code: UInt64 = 0x1000_0000
  static let data: UInt64 = 0x1100_0000
  static let slots: UInt64 = 0x1200_0000

  var request: ForeignLinkRequest
  /// x86-64 instructions from `code` on.
  var instructions: [UInt8] = []
  var variables: [UInt8] = []

  init(_ settings: ImageInputs, _ inputs: [ImageInput] = [], imports: [ForeignImport]) {
    request = ForeignLinkRequest(
      machine: .x86_64, path: "program", entry: "_start", settings: settings, inputs: inputs,
      addressLimit: Self.code)
    request.slotAddress = Self.slots
    request.slotCount = 16
    request.imports = imports
    request.exports = [
      ForeignExport(name: "main", kind: .function, address: Self.code, size: 64)
    ]
  }

  static func slot(_ number: Int) -> UInt64 { slots + UInt64(number) * 8 }

  // MARK: Instructions

  static func word(_ value: UInt64) -> [UInt8] { (0..<4).map { UInt8(value >> ($0 * 8) & 0xff) } }

  /// Aligns the stack as calls want it.
  mutating func enter() { instructions += [0x48, 0x83, 0xec, 0x08] }
  mutating func leave() { instructions += [0x48, 0x83, 0xc4, 0x08, 0xc3] }
  /// `call [slot]`
  mutating func call(_ number: Int) {
    instructions += [0xff, 0x14, 0x25] + Self.word(Self.slot(number))
  }
  /// `mov edi, value`
  mutating func argument(_ value: UInt64) { instructions += [0xbf] + Self.word(value) }
  /// `mov eax, value`
  mutating func result(_ value: UInt64) { instructions += [0xb8] + Self.word(value) }
  /// `mov rax, [slot]`
  mutating func load(_ number: Int) {
    instructions += [0x48, 0x8b, 0x04, 0x25] + Self.word(Self.slot(number))
  }
  /// Text with its NUL in the data; returns its address.
  mutating func text(_ text: String) -> UInt64 {
    defer { variables += Array(text.utf8) + [0] }
    return Self.data + UInt64(variables.count)
  }

  // MARK: File

  func link() throws(ImageError) -> ForeignImage { try ForeignLink.link(request) }

  /// The whole program: what was linked, with a segment each for the module's code and data.
  func program(_ image: ForeignImage) -> [UInt8] {
    var file = Array(image.bytes.bytes)
    var headers = image.programHeaders
    for (address, bytes, flags) in [
      (Self.code, instructions, SegmentFlags([.read, .execute])),
      (Self.data, variables, SegmentFlags([.read, .write])),
    ] where !bytes.isEmpty {
      while file.count % 4096 != 0 { file.append(0) }
      headers.append(
        ForeignSegment(
          type: .load, flags: flags, fileOffset: UInt64(file.count), address: address,
          fileSize: UInt64(bytes.count), memorySize: UInt64(bytes.count), alignment: 4096))
      file += bytes
    }
    let loads = headers.filter { $0.type == .load }.sorted { $0.address < $1.address }
    let first = headers.firstIndex { $0.type == .load }!
    headers.removeAll { $0.type == .load }
    headers.insert(contentsOf: loads, at: first)
    precondition(headers.count <= image.programHeaderRoom)
    file.withUnsafeMutableBytes { buffer in
      buffer.storeBytes(of: UInt16(headers.count), toByteOffset: 56, as: UInt16.self)
      for (i, header) in headers.enumerated() {
        let size =
          header.type == .programHeaders ? UInt64(headers.count * 56) : header.fileSize
        let h = 64 + i * 56
        buffer.storeBytes(of: header.type.rawValue, toByteOffset: h, as: UInt32.self)
        buffer.storeBytes(of: header.flags.rawValue, toByteOffset: h + 4, as: UInt32.self)
        for (k, value) in [
          header.fileOffset, header.address, header.address, size,
          header.type == .programHeaders ? size : header.memorySize, header.alignment,
        ].enumerated() {
          buffer.storeBytes(of: value, toByteOffset: h + 8 + k * 8, as: UInt64.self)
        }
      }
    }
    return file
  }

  /// Writes and runs the program.
  func run(_ image: ForeignImage) throws -> (status: Int32, output: String) {
    try Scratch.run(program(image))
  }
}

/// A directory of a test's own, and what is done in it.
final class Scratch {
  struct Failed: Error { var text: String }
  let path: String

  init() throws {
    var template = Array("/tmp/weld-foreign-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw Failed(text: "cannot make a directory") }
    path = String(cString: made)
  }

  deinit { _ = shell("rm -rf '\(path)'") }

  /// Compiles C to an object; returns its path.
  func compile(_ source: String, name: String = "a", _ flags: String = "") throws -> String {
    try write(Array(source.utf8), to: "\(name).c")
    let object = "\(path)/\(name).o"
    try command("gcc -O1 -fno-pie -c \(flags) -o '\(object)' '\(path)/\(name).c'")
    return object
  }

  func command(_ text: String) throws {
    guard shell(text) == 0 else { throw Failed(text: "failed: \(text)") }
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    guard let file = fopen("\(path)/\(name)", "we") else {
      throw Failed(text: "cannot write \(name)")
    }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
      throw Failed(text: "cannot write \(name)")
    }
  }

  static func run(_ program: [UInt8]) throws -> (status: Int32, output: String) {
    let scratch = try Scratch()
    try scratch.write(program, to: "program")
    // The name of the program is the same each time; what it says goes to a file.
    let status = shell(
      "cd '\(scratch.path)' && chmod +x program && timeout 20 ./program >output 2>&1")
    return (status, readText("\(scratch.path)/output") ?? "")
  }
}
