public import CWeldHeader
import Weld

// Declarations, their names and their addresses.

@c @implementation public func weld_image_symbol(
  _ image: OpaquePointer?, _ declaration: UInt64, _ symbol: UnsafeMutablePointer<weld_symbol>?
) -> weld_result {
  ImageHandle.ask(image) { image in
    let result = try place(symbol, "the symbol")
    result.pointee = try image.symbol(for: Declaration(declaration)).index
  }
}

@c @implementation public func weld_image_update_function(
  _ image: OpaquePointer?, _ declaration: UInt64, _ function: UnsafePointer<weld_function>?,
  _ symbol: UnsafeMutablePointer<weld_symbol>?
) -> weld_result {
  ImageHandle.change(image) { image in
    let function = try structure(function, "the function")
    let result = try image.updateFunction(
      Declaration(declaration), name: try text(function.name, "the function's name"),
      code: UnsafeRawBufferPointer(try list(function.code, function.code_size, "the code")),
      alignment: function.alignment,
      relocations: try DataRelocation.list(function.relocations, function.relocation_count),
      debug: try FunctionDebugInfo(function.debug))
    symbol?.pointee = result.index
  }
}

@c @implementation public func weld_image_update_data(
  _ image: OpaquePointer?, _ declaration: UInt64, _ data: UnsafePointer<weld_data>?,
  _ symbol: UnsafeMutablePointer<weld_symbol>?
) -> weld_result {
  ImageHandle.change(image) { image in
    let data = try structure(data, "the data")
    let result = try image.updateData(
      Declaration(declaration), name: try text(data.name, "the name of the data"),
      kind: try DataKind(data.kind),
      bytes: UnsafeRawBufferPointer(try list(data.bytes, data.byte_count, "the bytes")),
      zeroFill: data.zero_fill,
      alignment: data.alignment,
      relocations: try DataRelocation.list(data.relocations, data.relocation_count),
      debug: try VariableDebugInfo(data.debug))
    symbol?.pointee = result.index
  }
}

@c @implementation public func weld_image_update_lines(
  _ image: OpaquePointer?, _ declaration: UInt64, _ lines: UnsafePointer<weld_debug_line>?,
  _ count: Int
) -> weld_result {
  ImageHandle.change(image) {
    try $0.updateLines(Declaration(declaration), lines: try DebugLine.list(lines, count))
  }
}

@c @implementation public func weld_image_free_declaration(
  _ image: OpaquePointer?, _ declaration: UInt64
) -> weld_result {
  ImageHandle.change(image) { try $0.free(Declaration(declaration)) }
}

@c @implementation public func weld_image_unnamed_constant(
  _ image: OpaquePointer?, _ declaration: UInt64, _ content: UnsafePointer<weld_content>?,
  _ symbol: UnsafeMutablePointer<weld_symbol>?
) -> weld_result {
  ImageHandle.change(image) { image in
    let result = try place(symbol, "the symbol")
    let content = try structure(content, "the constant")
    result.pointee = try image.unnamedConstant(
      of: Declaration(declaration),
      bytes: UnsafeRawBufferPointer(try list(content.bytes, content.byte_count, "the bytes")),
      alignment: content.alignment,
      relocations: try DataRelocation.list(content.relocations, content.relocation_count)
    ).index
  }
}

// MARK: Names

@c @implementation public func weld_image_update_exports(
  _ image: OpaquePointer?, _ declaration: UInt64, _ exports: UnsafePointer<weld_export>?,
  _ count: Int
) -> weld_result {
  ImageHandle.change(image) {
    try $0.updateExports(
      Declaration(declaration),
      try copied(list(exports, count, "the list of exports"), "the list of exports")
        .map { try Export($0) })
  }
}

@c @implementation public func weld_image_remove_export(
  _ image: OpaquePointer?, _ declaration: UInt64, _ name: UnsafePointer<CChar>?
) -> weld_result {
  ImageHandle.change(image) {
    try $0.removeExport(Declaration(declaration), name: try text(name, "the name of an export"))
  }
}

@c @implementation public func weld_image_imported_symbol(
  _ image: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ is_weak: UInt8,
  _ symbol: UnsafeMutablePointer<weld_symbol>?
) -> weld_result {
  ImageHandle.ask(image) { image in
    let result = try place(symbol, "the symbol")
    result.pointee = try image.importedSymbol(
      try text(name, "the name of an import"), isWeak: is_weak != 0
    ).index
  }
}

// MARK: Addresses

@c @implementation public func weld_image_offset_table_address(
  _ image: OpaquePointer?, _ symbol: weld_symbol, _ address: UnsafeMutablePointer<UInt64>?
) -> weld_result {
  ImageHandle.ask(image) { image in
    let result = try place(address, "the address")
    result.pointee = try image.offsetTableAddress(of: ImageSymbol(index: symbol))
  }
}

@c @implementation public func weld_image_call_sequence(
  _ image: OpaquePointer?, _ symbol: weld_symbol, _ buffer: UnsafeMutablePointer<UInt8>?,
  _ capacity: Int, _ count: UnsafeMutablePointer<Int>?
) -> weld_result {
  ImageHandle.ask(image) { image in
    let count = try place(count, "the count")
    try store(
      try image.callSequence(to: ImageSymbol(index: symbol)), buffer, capacity, count)
  }
}

@c @implementation public func weld_call_sequence(
  _ machine: weld_machine, _ slot: UInt64, _ buffer: UnsafeMutablePointer<UInt8>?,
  _ capacity: Int, _ count: UnsafeMutablePointer<Int>?
) -> weld_result {
  do {
    let count = try place(count, "the count")
    try store(
      try CallSequence.bytes(for: try ImageMachine(machine), slot: slot), buffer, capacity, count)
    return WELD_OK
  } catch { return Failure(error).result }
}

private func store(
  _ bytes: [UInt8], _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: Int,
  _ count: UnsafeMutablePointer<Int>
) throws {
  count.pointee = bytes.count
  // A capacity with the highest bit set is large.
  guard UInt(bitPattern: capacity) >= UInt(bytes.count) else {
    throw Failure(
      WELD_ERROR_RANGE,
      "the call has \(bytes.count) bytes and the buffer room for \(capacity): give it"
        + " WELD_CALL_SEQUENCE_MAX")
  }
  let buffer = try place(buffer, "the buffer")
  for (index, byte) in bytes.enumerated() { buffer[index] = byte }
}

@c @implementation public func weld_image_address(
  _ image: OpaquePointer?, _ symbol: weld_symbol, _ holder: weld_symbol, _ offset: UInt64,
  _ addend: Int64, _ address: UnsafeMutablePointer<UInt64>?
) -> weld_result {
  ImageHandle.change(image) { image in
    let value = try image.address(
      of: ImageSymbol(index: symbol), referencedFrom: ImageSymbol(index: holder), offset: offset,
      addend: addend)
    address?.pointee = value
  }
}

@c @implementation public func weld_image_current_address(
  _ image: OpaquePointer?, _ symbol: weld_symbol, _ address: UnsafeMutablePointer<UInt64>?
) -> weld_result {
  ImageHandle.ask(image) { image in
    let result = try place(address, "the address")
    guard let value = image.currentAddress(of: ImageSymbol(index: symbol)) else {
      throw Failure(WELD_ERROR_UNDEFINED, "symbol \(symbol) has no address in this image")
    }
    result.pointee = value
  }
}

// MARK: Lazy symbols

@c @implementation public func weld_image_set_lazy_provider(
  _ image: OpaquePointer?, _ provider: weld_lazy_provider?, _ user_data: UnsafeMutableRawPointer?
) -> weld_result {
  ImageHandle.change(image) { elf in
    elf.setLazyProvider { (kind, key) throws(ImageError) in
      try content(of: kind, key, from: provider, user_data, image)
    }
  }
}

/// Asks C's provider.
private func content(
  of kind: LazyKind, _ key: LazyKey, from provider: weld_lazy_provider?,
  _ userData: UnsafeMutableRawPointer?, _ image: OpaquePointer?
) throws(ImageError) -> LazyContent {
  guard let provider else {
    throw ImageError(
      .invalid, "lazy symbols were used, but nobody makes them: set a lazy provider")
  }
  let number: UInt64? = if case .key(let number) = key { number } else { nil }
  var content = weld_content()
  content.size = MemoryLayout<weld_content>.stride
  let result = provider(
    userData, image, kind.value, number ?? 0, number == nil ? 1 : 0, &content)
  try ImageHandle.checkProvider(image)
  let what =
    (kind == .code ? "lazy code " : "lazy constant ") + (number.map { "\($0)" } ?? "for all keys")
  if result != WELD_OK {
    throw ImageError(
      ImageError.Code(result) ?? .invalid,
      "\(what): its provider failed (\(String(cString: weld_result_name(result))))")
  }
  do {
    return LazyContent(
      bytes: Array(try copied(list(content.bytes, content.byte_count, "the bytes"), "the bytes")),
      alignment: content.alignment,
      relocations: try DataRelocation.list(content.relocations, content.relocation_count))
  } catch let error as Failure where error.result == WELD_ERROR_OUT_OF_ROOM {
    throw ImageError(.outOfRoom, "\(what): \(error.message)")
  } catch { throw ImageError(.invalid, "\(what): \(Failure(error).message)") }
}

@c @implementation public func weld_image_lazy_symbol(
  _ image: OpaquePointer?, _ kind: weld_lazy_kind, _ key: UInt64,
  _ symbol: UnsafeMutablePointer<weld_symbol>?
) -> weld_result {
  ImageHandle.ask(image) { image in
    let result = try place(symbol, "the symbol")
    result.pointee = try image.lazySymbol(try LazyKind(kind), .key(key)).index
  }
}

@c @implementation public func weld_image_lazy_table(
  _ image: OpaquePointer?, _ kind: weld_lazy_kind, _ symbol: UnsafeMutablePointer<weld_symbol>?
) -> weld_result {
  ImageHandle.ask(image) { image in
    let result = try place(symbol, "the symbol")
    result.pointee = try image.lazySymbol(try LazyKind(kind), .all).index
  }
}
