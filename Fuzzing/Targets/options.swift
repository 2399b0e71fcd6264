import Linker
import LinkerCLI
import Platform

/// Options with numbers, two objects, and a linker script that names one of them.
///
/// The first bytes choose the options; then come the sizes of the objects, two bytes each, and the
/// objects; the rest is the script. The options go through the command line's parser, as numbers have
/// to be refused there or to be borne by everything behind it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOptions(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  guard let data, let parts = Parts(data, count) else { return -1 }
  var words = chosenWords(UnsafeBufferPointer(start: data, count: Parts.optionBytes))
  words.append("input")
  let parsed = CommandLineParser.parse(
    words, readFile: { _ in .failure(.noEntry) }, environment: [:])
  guard case .link(var options, _) = parsed else { return 0 }
  options.makeQuiet()
  options.inputs = []
  options.usesDependentLibraries = false
  options.add("first.o", input(data + parts.first.lowerBound, parts.first.count))
  options.memoryFiles["2.o"] = input(data + parts.second.lowerBound, parts.second.count)
  options.add("script", input(data + parts.script.lowerBound, parts.script.count))
  // A script that names the second object need not be there twice.
  let script = UnsafeRawBufferPointer(
    start: data + parts.script.lowerBound, count: parts.script.count)
  if !script.contains(UInt8(ascii: "2")) { options.inputs.append(.init(.path("2.o"), .init())) }
  if !options.isStatic { options.add("fixture.so", Fixture.library) }
  link(options)
  return 0
}

/// Where the parts of the input are.
private struct Parts {
  static let optionBytes = 16
  static let headerBytes = optionBytes + 4

  var first: Range<Int>
  var second: Range<Int>
  var script: Range<Int>

  init?(_ data: UnsafePointer<UInt8>, _ count: Int) {
    guard count > Self.headerBytes else { return nil }
    func size(_ at: Int) -> Int { Int(data[at]) | Int(data[at + 1]) << 8 }
    let firstEnd = min(count, Self.headerBytes + size(Self.optionBytes))
    let secondEnd = min(count, firstEnd + size(Self.optionBytes + 2))
    first = Self.headerBytes..<firstEnd
    second = firstEnd..<secondEnd
    script = secondEnd..<count
  }
}

private let kinds = [
  ["-static"], ["-pie"], ["-shared"], ["-no-pie"], ["-static", "-pie", "--no-dynamic-linker"],
]

private let flags = [
  "--gc-sections", "-znorelro", "-znow", "--pack-dyn-relocs=relr", "--no-relax", "-s",
  "--unresolved-symbols=ignore-all", "--eh-frame-hdr", "--emit-relocs", "-znotext", "--build-id",
  "-zseparate-loadable-segments", "-znoseparate-code", "-znosectionheader", "--icf=all",
  "-Bsymbolic",
]

/// `#` stands for a number, `@` for the name of a section.
private let templates = [
  "--image-base=#", "-Ttext-segment=#", "-Ttext=#", "-Tdata=#", "-Tbss=#", "--section-start=@=#",
  "--section-start=@=#", "--section-start=@=#", "-zmax-page-size=#", "-zcommon-page-size=#",
  "-zstack-size=#", "--spare-dynamic-tags=#", "--defsym=foo=#", "--defsym=bar=main+#", "-O#",
  "--build-id=#", "-zdead-reloc-in-nonalloc=.debug_*=#", "--entry=#", "--error-limit=#",
  "--defsym=q=1<<#", "--defsym=q=#*#", "--defsym=q=#/#",
]

private let sections = [
  ".text", ".data", ".bss", ".dynamic", ".got", ".got.plt", ".plt", ".init_array", ".tdata",
  ".tbss",
  ".interp", ".note.gnu.build-id", ".eh_frame", ".eh_frame_hdr", ".rodata", ".relr.dyn", ".dynsym",
]

/// Two bytes for the kind and flags, then up to four options of three bytes.
private func chosenWords(_ bytes: UnsafeBufferPointer<UInt8>) -> [String] {
  var words = kinds[Int(bytes[0]) % kinds.count]
  let chosen = Int(bytes[1]) << 8 | Int(bytes[2])
  for (bit, flag) in flags.enumerated() where chosen >> bit & 1 != 0 { words.append(flag) }
  for i in 0..<Int(bytes[3]) % 5 {
    let at = 4 + i * 3
    let number = chosenNumber(bytes[at + 1], bytes[at + 2])
    let section = sections[Int(bytes[at + 2]) % sections.count]
    var word = ""
    for character in templates[Int(bytes[at]) % templates.count].unicodeScalars {
      switch character {
      case "#": word += "0x" + String(number, radix: 16)
      case "@": word += section
      default: word.unicodeScalars.append(character)
      }
    }
    words.append(word)
  }
  return words
}

/// A power of two, or what is near one; or a small multiple of a page.
private func chosenNumber(_ a: UInt8, _ b: UInt8) -> UInt64 {
  let power = (1 as UInt64) << UInt64(a & 63)
  switch a >> 6 {
  case 0: return power
  case 1: return power &- 1 &- UInt64(b)
  case 2: return 0 &- power &+ UInt64(b)
  default: return UInt64(b) << UInt64(a & 31)
  }
}

@_cdecl("LLVMFuzzerCustomMutator")
public func mutateOptions(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: UInt32
) -> Int {
  var random = Random(state: UInt64(seed) &* 0xD6E8_FEB8_6659_FD93 | 1)
  guard let parts = Parts(data, size) else { return defaultMutation(data, size, maximum) }
  switch random.next(8) {
  case 0, 1, 2:
    data[random.next(Parts.optionBytes)] = UInt8(random.next(256))
    return size
  case 3:
    let start = parts.script.lowerBound
    return start + defaultMutation(data + start, parts.script.count, maximum - start)
  default:
    // The parts behind it stay where they are.
    let part = random.next(2) == 0 ? parts.first : parts.second
    _ = mutateELF(data, part.upperBound, part.upperBound, seed, start: part.lowerBound)
    return size
  }
}
