/// Symbols that are made at their first use.
extension CodeImage {
  struct LazyName: Hashable {
    var kind: LazyKind
    var key: LazyKey
  }

  struct LazyRecord {
    var symbol: SymbolIndex
    /// Waits for the next flush.
    var isPending: Bool
  }

  /// A lazy symbol's bytes are asked for by the flush that follows its first use; those of
  /// `LazyKey.all`, which depend on what else there is, by each flush that follows a use.
  func lazySymbol(_ kind: LazyKind, _ key: LazyKey) throws(ImageError) -> ImageSymbol {
    let name = LazyName(kind: kind, key: key)
    if let known = lazies[name] {
      if key == .all, !known.isPending {
        lazies[name]?.isPending = true
        pendingLazyTables.append(name)
      }
      return ImageSymbol(index: known.symbol.raw)
    }
    try makeRoom()
    let symbol = makeSymbol(.lazy)
    lazies[name] = LazyRecord(symbol: symbol, isPending: true)
    if key == .all { pendingLazyTables.append(name) } else { pendingLazies.append(name) }
    return ImageSymbol(index: symbol.raw)
  }

  /// Makes what was used since the last flush: first single keys, which may use others, then what
  /// stands for all of them.
  func makePendingLazies() throws(ImageError) {
    try makePendingKeys()
    let tables = pendingLazyTables
    for name in tables {
      try make(name)
      pendingLazyTables.removeAll { $0 == name }
      lazies[name]?.isPending = false
      try makePendingKeys()
    }
  }

  private func makePendingKeys() throws(ImageError) {
    var done = 0
    defer { pendingLazies.removeFirst(done) }
    while done < pendingLazies.count {
      // Making one may append more.
      let name = pendingLazies[done]
      try make(name)
      lazies[name]?.isPending = false
      done += 1
    }
  }

  private func make(_ name: LazyName) throws(ImageError) {
    guard let provider = lazyProvider else {
      throw ImageError(
        .invalid, "lazy symbols were used, but nobody makes them: set a lazy provider")
    }
    let content = try provider(name.kind, name.key)
    let bytes = content.bytes.withUnsafeBytes { UnsafeRawBufferPointer($0) }
    defer { withExtendedLifetime(content) {} }
    try place(
      lazies[name].unsafelyUnwrapped.symbol, name: Self.label(name),
      Content(
        kind: name.kind == .code ? .function : .immutable, bytes: bytes, zeroFill: 0,
        alignment: name.kind == .code ? max(content.alignment, T.codeAlignment) : content.alignment,
        relocations: content.relocations))
  }

  private static func label(_ name: LazyName) -> String {
    let kind = name.kind == .code ? "code" : "constant"
    return switch name.key {
    case .key(let key): "lazy.\(kind).\(key)"
    case .all: "lazy.\(kind).all"
    }
  }
}
