import Linker

/// Patches in the order in which they are written.
///
/// First what nothing leads to yet (code, constants, new variables), then addresses in data, the
/// slots last. All of it happens while the process is held; the order matters only if we are killed
/// on the way, when the kernel lets the process run on with what was written until then.
struct PatchPlan: Sendable {
  let patches: [ImagePatch]

  /// - Parameter patches: of two for the same place the later one counts; what the process has there
  ///   is what the earlier one replaces.
  init(_ patches: [ImagePatch]) {
    struct Place: Hashable {
      var address: UInt64
      var count: UInt64
      var phase: Int
    }
    var positions: [Place: Int] = [:]
    var merged: [ImagePatch] = []
    for patch in patches {
      let place = Place(
        address: patch.address, count: patch.byteCount, phase: Self.phase(patch))
      if let position = positions[place] {
        merged[position].kind = patch.kind
        merged[position].bytes = patch.bytes
      } else {
        positions[place] = merged.count
        merged.append(patch)
      }
    }
    self.patches =
      merged.enumerated().filter { $0.element.byteCount > 0 }
      .sorted { (Self.phase($0.element), $0.offset) < (Self.phase($1.element), $1.offset) }
      .map { $0.element }
  }

  private static func phase(_ patch: ImagePatch) -> Int {
    switch patch.kind {
    case .code, .constant, .variable: 0
    case .address: 1
    case .slot: 2
    }
  }

  /// The plan with zeros as bytes where `memory` has something else; what it has already is left out.
  func settlingZeros(in memory: ProcessMemory) throws(ProcessMemory.Failure) -> PatchPlan {
    guard patches.contains(where: { $0.zeroCount > 0 }) else { return self }
    var settled: [ImagePatch] = []
    for patch in patches {
      if patch.zeroCount == 0 {
        settled.append(patch)
        continue
      }
      var done: UInt64 = 0
      while done < patch.zeroCount {
        let count = Int(min(patch.zeroCount - done, 1 << 16))
        let address = patch.address + done
        if try memory.bytes(address, count: count).contains(where: { $0 != 0 }) {
          settled.append(
            ImagePatch(
              kind: patch.kind, address: address, bytes: [UInt8](repeating: 0, count: count)))
        }
        done += UInt64(count)
      }
    }
    return PatchPlan(settled)
  }

  /// What cannot be written to a process with these mappings, and why.
  func obstacles(in map: ProcessMap) -> [String] {
    patches.compactMap { Self.obstacle($0, map) }
  }

  private static func obstacle(_ patch: ImagePatch, _ map: ProcessMap) -> String? {
    let (end, overflow) = patch.address.addingReportingOverflow(patch.byteCount)
    guard !overflow else { return "\(patch.kind) at \(hex(patch.address)) has no room" }
    let range = patch.address..<end
    let what = "\(patch.kind) at \(hex(range))"
    if !patch.old.isEmpty, patch.old.count != patch.bytes.count {
      return "\(what) replaces \(patch.old.count) bytes by \(patch.bytes.count)"
    }
    if patch.kind == .slot {
      let size = UInt64(patch.bytes.count)
      guard size == 8 || size == 4, patch.address % size == 0 else {
        return "\(what) is not an aligned word of 4 or 8 bytes"
      }
    }
    guard let mappings = map.mappings(holding: range) else {
      return "\(what) is not mapped in the process: the section has outgrown what the program had"
        + " when it started; restart it"
    }
    for mapping in mappings {
      if mapping.isShared {
        return
          "\(what) is in a shared mapping (\(mapping.permissions)): writing there changes a file"
      }
      let needed: (Bool, String) =
        switch patch.kind {
        case .code: (mapping.isExecutable, "executable")
        case .constant, .slot: (mapping.isReadable, "readable")
        case .variable, .address: (mapping.isReadable && mapping.isWritable, "writable")
        }
      if !needed.0 {
        return
          "\(what) is in a mapping that is not \(needed.1) (\(mapping.permissions)): the process"
          + " is not laid out as the image is"
      }
    }
    return nil
  }

  /// Why a patch does not fit what the process has at its place; nil if it does.
  static func conflict(_ patch: ImagePatch, present: [UInt8]) -> String? {
    guard patch.kind == .slot, !patch.old.isEmpty, present != patch.old, present != patch.bytes
    else {
      return nil
    }
    return "the slot at \(hex(patch.address)) holds \(word(present)), not \(word(patch.old)): the"
      + " process is not in the state that the image knows; restart it"
  }

  private static func word(_ bytes: [UInt8]) -> String {
    hex(bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) })
  }

  /// Whether bytes look as if nothing had ever been placed there: one word, again and again.
  static func isBlank(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var index = 4
      while index < bytes.count {
        if bytes[index] != bytes[index & 3] { return false }
        index += 1
      }
      return true
    }
  }
}

extension ImagePatch {
  /// Bytes that it is about.
  var byteCount: UInt64 { UInt64(bytes.count) + zeroCount }
}
