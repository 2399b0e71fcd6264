import ELFComparison
import Testing

@Suite struct CompareTests {
  @Test(arguments: Sample.all) func twoLinkersAgree(sample: Sample) throws {
    guard Toolchain.has("ld.lld"), Toolchain.has("ld.bfd") else { return }
    let tools = Toolchain()
    defer { tools.remove() }
    let outputs = try ["lld", "bfd"].map { linker in
      try #require(
        tools.build(
          sample.source, language: sample.language, compile: sample.compile, link: sample.link,
          linker: linker))
    }
    #expect(try compare(outputs[0], outputs[1]).list == [])
    #expect(try compare(outputs[1], outputs[0]).list == [])
  }

  /// Changes in the source that a wrong link could produce must not be explained away.
  @Test(arguments: [
    ("hid + shown", "gv + shown", Aspect.bytes), ("&loc[3]", "&loc[4]", .bytes),
    ("int gv = 7", "int gv = 8", .bytes), ("api(3)", "other()", .symbols),
    ("*hp = &hid", "*hp = &gv", .bytes),
    ("shown += x; kept += x", "kept += x; shown += gv", .symbols),
    ("printf(\"other\")", "printf(\"othes\")", .bytes), ("int other", "int another", .exports),
    ("printf(\"other\")", "puts(\"other\")", .relocations),
  ]) func differencesAreFound(old: String, new: String, aspect: Aspect) throws {
    let tools = Toolchain()
    defer { tools.remove() }
    let build = { (source: String, linker: String) in
      try #require(
        tools.build(
          source, language: "c", compile: ["-fPIC", "-O1"], link: ["-shared"], linker: linker))
    }
    let changed = Sample.library.split(separator: "\n").map { line in
      line.contains(old) ? replacing(String(line), old, new) : String(line)
    }
    let first = try build(Sample.library, "bfd")
    let linker = Toolchain.has("ld.lld") ? "lld" : "gold"
    let second = try build(changed.joined(separator: "\n"), linker)
    let findings = try compare(first, second)
    #expect(findings.list.contains { $0.aspect == aspect }, "\(findings.list)")
  }

  @Test func ignoredAspectsStayOut() throws {
    let tools = Toolchain()
    defer { tools.remove() }
    let path = try #require(
      tools.build(Sample.hello, language: "c", compile: [], link: [], linker: "bfd"))
    let good = tools.read(path)
    var options = ComparisonOptions()
    var other = good
    other[16] = 2  // ET_EXEC
    func count(_ options: ComparisonOptions) throws -> Int {
      try good.withUnsafeBytes { x in
        try other.withUnsafeBytes { y in try compare(bytes: x, y, options).total }
      }
    }
    #expect(try count(options) == 1)
    options.ignored = [.header]
    #expect(try count(options) == 0)
  }

  private func replacing(_ text: String, _ old: String, _ new: String) -> String {
    let (text, old) = (Array(text), Array(old))
    var result = ""
    var i = 0
    while i < text.count {
      if text[i...].starts(with: old) {
        result += new
        i += old.count
      } else {
        result.append(text[i])
        i += 1
      }
    }
    return result
  }
}
