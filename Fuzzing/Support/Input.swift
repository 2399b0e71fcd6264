import Glibc
import Linker
import Platform

/// The bytes that libFuzzer gave, as the engine's type. They lie in a block of the heap of just
/// their size, so that AddressSanitizer sees each read past them.
func input(_ data: UnsafePointer<UInt8>?, _ count: Int) -> ByteString {
  guard let data, count > 0 else { return "" }
  return ByteString(start: data, count: count)
}

/// Files beside the program, which `Fuzzing/make-seeds` makes; they live until exit.
enum Fixture {
  static let object = read("fixture.o")
  static let library = read("fixture.so")

  private static func read(_ name: String) -> ByteString {
    guard let directory = getenv("WELD_FUZZ_FIXTURES") else {
      fatalError("WELD_FUZZ_FIXTURES is not set; start the target with Fuzzing/run")
    }
    do {
      let mapped = try MappedInput(path: String(cString: directory) + "/" + name)
      return ByteString(mapped.bytes)
    } catch {
      fatalError("cannot read the fixture \(name): \(error); run Fuzzing/make-seeds")
    }
  }
}

/// Options with which a link leaves nothing behind.
func quietOptions() -> LinkOptions {
  var options = LinkOptions()
  options.makeQuiet()
  return options
}

/// Messages are made as ever, but nobody reads them.
private let nowhere = FileDescriptor(raw: open("/dev/null", O_WRONLY))

/// Links, and gives all memory of the link back.
func link(_ options: LinkOptions) {
  // What the fixtures take has to outlive the link: they are read before the ledger opens.
  _ = (Fixture.object, Fixture.library)
  try? Link.runAndRelease(options, diagnostics: Diagnostics(options: options, output: nowhere))
}

extension LinkOptions {
  /// The link is to leave nothing behind.
  mutating func makeQuiet() {
    outputPath = "/dev/null"
    threads = 1
    demangles = false
    noStandardLibraries = true
    errorLimit = 3
  }

  mutating func add(_ path: String, _ bytes: ByteString, _ state: InputState = InputState()) {
    memoryFiles[path] = bytes
    inputs.append(Input(.path(path), state))
  }
}
