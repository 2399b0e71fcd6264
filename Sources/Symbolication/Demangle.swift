import CSystem
import Glibc
import Platform
import Synchronization

/// The form in which messages show a symbol's name.
///
/// - Parameters:
///   - name: The name as the symbol table has it, with any `@VERSION`.
///   - demangling: What `--demangle` and `--no-demangle` decided.
/// - Returns: The demangled name if it is wanted and there is one, else the name itself. Control
///   characters are spelled out as `\x1b`: names are input, and a terminal must not obey them.
public func displayName(_ name: ByteString, demangling: Bool) -> String {
  let text = (demangling ? demangle(name) : nil) ?? String(name)
  guard text.unicodeScalars.contains(where: isControl) else { return text }
  var safe = ""
  for scalar in text.unicodeScalars {
    if isControl(scalar) {
      let hex = String(scalar.value, radix: 16)
      safe += hex.count == 1 ? "\\x0\(hex)" : "\\x\(hex)"
    } else {
      safe.unicodeScalars.append(scalar)
    }
  }
  return safe
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
  scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
}

/// The source-language spelling of a mangled C++, Rust or Swift name.
///
/// A symbol version (`@V`, `@@V`) is kept behind the demangled name; what compilers append to the
/// names of clones (`.cold`, `.part.0`) becomes ` [clone .cold]`, as binutils has it.
///
/// Total: a hostile name costs a bounded amount of time and memory. For the name that the runtimes'
/// demanglers cannot be trusted with, a child process runs, so this is not for hot loops.
///
/// - Returns: Nil for a name that is not mangled, or cannot be demangled.
public func demangle(_ name: ByteString) -> String? {
  guard name.count > 2, name.count <= maximumMangledLength else { return nil }
  // No mangling uses control characters, and Swift's demangler takes them for pointers.
  for byte in name.buffer where byte < 0x20 || byte == 0x7F { return nil }
  if let at = name.firstIndex(of: UInt8(ascii: "@")), at > 0 {
    guard let plain = demangle(name[0..<at]) else { return nil }
    return plain + String(name[at..<name.count])
  }

  switch manglingScheme(of: name) {
  case .none: return nil
  case .swift: return demangleWithRuntime(name, WELD_DEMANGLER_SWIFT)
  case .rust: return demangleRustV0(name)
  case .itanium:
    return demangleRustLegacy(name) ?? demangleWithRuntime(name, WELD_DEMANGLER_CXX)
  case .itaniumBlock: return demangleBlock(name)
  }
}

/// Whose rules a name was made by, as far as its prefix tells.
enum ManglingScheme {
  case none, itanium, itaniumBlock, rust, swift
}

func manglingScheme(of name: ByteString) -> ManglingScheme {
  guard name.count > 2 else { return .none }
  if name.hasPrefix("_Z") { return .itanium }
  if name.hasPrefix("_R") { return .rust }
  if name.hasPrefix("$s") || name.hasPrefix("$S") || name.hasPrefix("$e")
    || name.hasPrefix("_$s") || name.hasPrefix("_$S") || name.hasPrefix("_$e")
    || name.hasPrefix("_T0") || name.hasPrefix("@__swiftmacro_")
  {
    return .swift
  }
  if name.hasPrefix("___Z") || name.hasPrefix("____Z") { return .itaniumBlock }
  return .none
}

/// Longer names are shown as they are: nobody reads 8 KiB of either spelling.
private let maximumMangledLength = 8 << 10
/// What is shown of a demangled name at most.
private let maximumDemangledLength = 64 << 10
/// How many of the names given to child processes have run out of time; after three, the input is
/// taken to be an attack, and the others are not tried.
private let timeouts = Atomic<Int>(0)

/// A body of blocks (`___Z3foov_block_invoke`, clang -fblocks), named after its function.
private func demangleBlock(_ name: ByteString) -> String? {
  var start = 0
  while name[start] == UInt8(ascii: "_"), name[start + 1] != UInt8(ascii: "Z") { start += 1 }
  let marker: StaticString = "_block_invoke"
  var end = start
  while end < name.count, !name[end..<name.count].hasPrefix(marker) { end += 1 }
  guard end < name.count else { return nil }
  guard let function = demangle(name[start..<end]) else { return nil }
  return "invocation function for block in \(function)"
}

private func demangleWithRuntime(_ name: ByteString, _ demangler: weld_demangler) -> String? {
  var terminated = Array(name.buffer.map { CChar(bitPattern: $0) })
  terminated.append(0)
  if isTame(name, demangler) {
    var status: CInt = 0
    let text =
      demangler == WELD_DEMANGLER_CXX
      ? weld_demangle_cxx(terminated, &status) : weld_demangle_swift(terminated, name.count)
    guard let text else { return nil }
    defer { free(text) }
    let count = strnlen(text, maximumDemangledLength)
    return plausible(
      text.withMemoryRebound(to: UInt8.self, capacity: count) {
        String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
      }, name)
  }
  guard timeouts.load(ordering: .relaxed) < 3 else { return nil }
  var count = 0
  let bytes = [UInt8](unsafeUninitializedCapacity: maximumDemangledLength) { buffer, used in
    count = buffer.withMemoryRebound(to: CChar.self) {
      weld_demangle_in_child(
        demangler, terminated, name.count, $0.baseAddress!, $0.count, 500)
    }
    used = max(count, 0)
  }
  if count == -2 { timeouts.add(1, ordering: .relaxed) }
  return count > 0 ? plausible(String(decoding: bytes, as: UTF8.self), name) : nil
}

/// Swift's demangler returns some names that it does not understand unchanged.
private func plausible(_ text: String, _ name: ByteString) -> String? {
  text.isEmpty || text == String(name) ? nil : text
}

/// Whether a demangler can neither recurse deeply nor write much for `name`.
///
/// Each back reference at most doubles what was written before it, so few of them keep even the
/// worst name small; `cv` (a conversion operator) makes the C++ demangler try a name twice.
private func isTame(_ name: ByteString, _ demangler: weld_demangler) -> Bool {
  guard name.count <= 512 else { return false }
  var doublings = 0
  for i in 0..<name.count - 1 {
    let next = name[i + 1]
    let isDigit = next &- UInt8(ascii: "0") < 10
    let isUpper = next &- UInt8(ascii: "A") < 26
    switch name[i] {
    case UInt8(ascii: "S") where demangler == WELD_DEMANGLER_CXX,
      UInt8(ascii: "T") where demangler == WELD_DEMANGLER_CXX:
      if isDigit || isUpper || next == UInt8(ascii: "_") { doublings += 1 }
    case UInt8(ascii: "c") where demangler == WELD_DEMANGLER_CXX:
      if next == UInt8(ascii: "v") { doublings += 1 }
    case UInt8(ascii: "A") where demangler == WELD_DEMANGLER_SWIFT:
      // A repeated substitution (`A9_`) counts as itself many times over.
      if isDigit { return false }
      doublings += 1
      // `AbcD`: lower-case letters are further references of the same operator.
      var j = i + 1
      while j < name.count, name[j] &- UInt8(ascii: "a") < 26 {
        doublings += 1
        j += 1
      }
    default: break
    }
  }
  return doublings <= 10
}
