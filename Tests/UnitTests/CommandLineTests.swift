import Linker
import Platform
import Testing

@testable import LinkerCLI

@Suite struct CommandLineTests {
  @Test func joinedAndSeparateValues() {
    #expect(linkOptions("-ox a.o").outputPath == "x")
    #expect(linkOptions("-omagic a.o").outputPath == "magic")
    #expect(linkOptions("--omagic a.o").pageUse == .unalignedWritable)
    #expect(linkOptions("--output=x a.o").outputPath == "x")
    #expect(linkOptions("--output x a.o").outputPath == "x")
    #expect(linkOptions("-o=x a.o").outputPath == "=x")
    #expect(linkOptions("-znow a.o").bindsNow)
    #expect(linkOptions("-zmax-page-size=64K a.o").maximumPageSize == 65536)
    #expect(linkOptions("-lm -llto -l=x").inputNames == ["-lm", "-llto", "-l=x"])
    #expect(linkOptions("-L=lib -Ldir -L d a.o").libraryPaths == ["=lib", "dir", "d"])
    #expect(
      linkOptions("-melf_x86_64 -uS -hlib -ymain -emain -Tx.lds a.o").inputNames.first == "-Tx.lds")
    #expect(linkOptions("-dynamic-linker x a.o").dynamicLinker == "x")
    #expect(linkOptions("-d -dc -dp a.o").definesCommon == true)
    #expect(linkOptions("-O 2 a.o").optimizationLevel == 2)
    #expect(linkOptions("-O a.o").inputNames == ["a.o"])
    #expect(linkOptions("-G a.o").outputKind == .sharedLibrary)
    #expect(linkOptions("-G 8 -G8 a.o").outputKind == .executable)
    #expect(linkOptions("-e -x a.o").entry == "-x")
    #expect(linkOptions("-o a -- -b.o").inputNames == ["-b.o"])
    #expect(linkOptions("-").inputNames == ["-"])
    #expect(linkOptions("--sysroot= a.o").sysroot == "")
  }

  @Test func outputKinds() {
    #expect(linkOptions("-shared -no-pie a.o").outputKind == .sharedLibrary)
    let last = linkOptions("-shared -pie a.o")
    #expect(last.outputKind == .executable && last.isPositionIndependent)
    let shared = linkOptions("-pie -static -shared a.o")
    #expect(shared.outputKind == .sharedLibrary && !shared.isStatic)
    #expect(!shared.isPositionIndependent && shared.inputs[0].state.isStatic)
    #expect(!linkOptions("-pie -no-pie a.o").isPositionIndependent)
    #expect(parseFailures("-r -pie a.o") == ["-r and -pie may not be used together"])
    #expect(
      parseFailures("-r -shared a.o").count == 1 && parseFailures("-shared -r a.o").count == 1)
    #expect(linkOptions("a.o").hashStyle == [.gnu, .sysv])
  }

  @Test func statesNest() {
    let options = linkOptions(
      "--push-state --as-needed --whole-archive -Bstatic --start-lib a.o --push-state "
        + "--no-as-needed -b binary b.o --pop-state c.o --pop-state d.o -b elf e.o")
    #expect(options.state(of: "a.o")?.isLazy == true)
    #expect(options.state(of: "b.o")?.asNeeded == false)
    #expect(options.state(of: "b.o")?.isBinary == true)
    #expect(options.state(of: "c.o")?.asNeeded == true)
    #expect(options.state(of: "c.o")?.isStatic == true)
    // The format isn't part of what is saved.
    #expect(options.state(of: "d.o")?.isBinary == true)
    #expect(options.state(of: "d.o")?.asNeeded == false)
    #expect(options.state(of: "e.o") == LinkOptions.InputState())
    #expect(parseFailures("--pop-state a.o") == ["--pop-state without --push-state before it"])
    #expect(parseFailures("--end-lib a.o").count == 1)
    #expect(parseFailures("--end-group a.o").count == 1)
    #expect(parseFailures("-( -( a.o -)").count == 1)
    _ = linkOptions(
      "-( a.o", warnings: ["missing --end-group; the group ends with the last input"])
  }

  @Test func errorsAreCollected() {
    #expect(
      parseFailures("--gc-section --hash-style=x -z max-page-size=3 --error-limit=many a.o -o") == [
        "unknown option '--gc-section'; did you mean '--gc-sections'?",
        "value 'x' of option '--hash-style' isn't gnu, sysv or both",
        "value '3' of option '-z max-page-size' isn't a power of two",
        "value 'many' of option '--error-limit' isn't a number of at most 64 bits (decimal or 0x…)",
        "option '-o' needs a value: FILE",
      ])
    #expect(parseFailures("") == ["no input files"])
    #expect(parseFailures("--gc-sections=1 a.o") == ["option '--gc-sections' takes no value"])
    #expect(parseFailures("-z now=1 a.o") == ["option '-z now' takes no value"])
    #expect(parseFailures("-z stack-size a.o").count == 1)
    #expect(parseFailures("--threads=0 a.o").count == 1)
    #expect(parseFailures("--build-id=0x123 a.o").count == 1)
    #expect(parseFailures("--build-id=0x a.o").count == 1)
    #expect(parseFailures("--build-id=sha3 a.o").count == 1)
    #expect(parseFailures("-fPIC a.o").first?.contains("may be meant for the compiler") == true)
    #expect(parseFailures("-Wl,-z a.o").first?.contains("for compilers") == true)
    #expect(parseFailures("--defsym x a.o").count == 1)
    #expect(parseFailures("caf\u{FFFD}.o").first?.contains("isn't valid UTF-8") == true)
    #expect(parseFailures("-o caf\u{FFFD}.o a.o").count == 1)
    #expect(parseFailures("-sx a.o").count == 1)
    #expect(parseFailures("-z common-page-size=8192 -z max-page-size=4096 a.o").count == 1)
  }

  @Test func suggestions() {
    #expect(Suggestion.unknownOption("--hash-stlye=gnu").hasSuffix("did you mean '--hash-style'?"))
    #expect(Suggestion.unknownOption("-sonam").hasSuffix("did you mean '-soname'?"))
    #expect(Suggestion.unknownOption("--no-whole-archve").hasSuffix("'--no-whole-archive'?"))
    #expect(
      Suggestion.unknownOption("--xyzzy-plugh-frobnicate")
        == "unknown option '--xyzzy-plugh-frobnicate'")
    #expect(Suggestion.editDistance(Array("abcd".utf8), Array("abdc".utf8)) == 1)
    let long = "--" + String(repeating: "a", count: 100_000)
    #expect(Suggestion.unknownOption(long).hasPrefix("unknown option"))
    let odd = linkOptions(
      "-z nwo a.o", warnings: ["unknown option '-z nwo' is ignored; did you mean '-z now'?"])
    #expect(!odd.bindsNow)
  }

  @Test func lastWins() {
    #expect(!linkOptions("-z now -z lazy a.o").bindsNow)
    #expect(linkOptions("-Bsymbolic -Bno-symbolic a.o").symbolicBinding == .none)
    #expect(linkOptions("-s -S a.o").strip == .all)
    #expect(linkOptions("--threads=4 --no-threads a.o").threads == 1)
    let ignore = linkOptions("--no-undefined --unresolved-symbols=ignore-all a.o")
    #expect(ignore.requiresDefinitions == nil && ignore.unresolvedPolicy == .ignoreAll)
    let require = linkOptions("--unresolved-symbols=ignore-all -z defs a.o")
    #expect(require.requiresDefinitions == true)
    #expect(require.unresolvedPolicy == .ignoreInSharedLibraries)
    #expect(linkOptions("-z notext --warn-shared-textrel a.o").textRelocations == .warn)
  }

  @Test(arguments: [
    ("0", 0), ("4096", 4096), ("0x1F", 31), ("0X1f", 31), ("010", 8), ("2K", 2048), ("2m", 2 << 20),
    ("0x10K", 16384), ("18446744073709551615", UInt64.max),
  ]) func numbers(text: String, value: UInt64) {
    #expect(Values.number(text) == value)
  }

  @Test(arguments: [
    "", "K", "0x", "-1", "+1", " 1", "1 ", "09", "1KK", "0xG", "18446744073709551616",
    "18446744073709551615K", "１", "1\u{600}K",
  ]) func wrongNumbers(text: String) {
    #expect(Values.number(text) == nil)
  }

  @Test func addresses() {
    let options = linkOptions(
      "-Ttext=10000 -Ttext 0x20000 --section-start=.x=30 --image-base=4096 -Tbss 40 a.o")
    #expect(options.sectionStarts.map(\.section) == [".text", ".x", ".bss"])
    #expect(options.sectionStarts.map(\.address) == [0x20000, 0x30, 0x40])
    #expect(options.imageBase == 4096)
    #expect(linkOptions("-Ttext-segment=400000 a.o").imageBase == 0x400000)
  }

  @Test func metadata() {
    #expect(
      linkOptions("--package-metadata=%7B%22a%22:1%[comma]%zz%} a.o").packageMetadata
        == "{\"a\":1,%zz%}")
    #expect(linkOptions("--package-metadata a.o").packageMetadata == nil)
    #expect(parseFailures("--package-metadata=%FF a.o").count == 1)
  }

  @Test func environment() {
    let variables = ["LD_RUN_PATH": "/x"]
    #expect(linkOptions("a.o", environment: variables).runPaths == ["/x"])
    #expect(linkOptions("-rpath y a.o", environment: variables).runPaths == ["y"])
  }

  @Test func refusedOptionsReachTheEngine() {
    #expect(
      linkOptions("--be8 --unique=.x -z rel a.o").unsupportedOptions == [
        "--be8", "--unique", "-z rel",
      ])
    #expect(linkOptions("--no-keep-memory --hash-size=3 --long-plt a.o").unsupportedOptions.isEmpty)
  }
}
