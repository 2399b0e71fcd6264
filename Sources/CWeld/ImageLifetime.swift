public import CWeldHeader
import Weld

// Making images, and what concerns them as a whole.

extension ImageInputs {
  fileprivate init(_ pointer: UnsafePointer<weld_inputs>) throws {
    let inputs = try structure(pointer, "the inputs of an image")
    self.init(
      isStatic: inputs.is_static != 0,
      libraryDirectories: try list(
        inputs.library_directories, inputs.library_directory_count,
        "the list of library directories"
      ).map { try text($0, "a library directory") })
    let mode = try StartupFiles.Mode(inputs.startup_mode)
    if let system = try StartupFiles.System.of(inputs.startup_system) {
      startup = .c(os: system, mode: mode)
    }
  }
}

extension ImageOptions {
  fileprivate init(_ pointer: UnsafePointer<weld_image_options>?) throws {
    let options = try structure(pointer, "the options of an image")
    self.init(
      machine: try ImageMachine(options.machine), path: try text(options.path, "the image's path"))
    if let name = options.entry { entry = try text(name, "the entry's name") }
    if options.base_address != 0 { baseAddress = options.base_address }
    if options.reserve != 0 { reserve = options.reserve }
    liveReserve = options.live_reserve
    if options.thread_local_reserve != 0 { threadLocalReserve = options.thread_local_reserve }
    checksInvariants = options.checks_invariants != 0
    if let pointer = options.inputs { inputs = try ImageInputs(pointer) }
  }
}

/// Makes a handle, or stores why there is none.
func open(
  _ result: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ make: () throws -> Handle
) -> weld_result {
  do {
    let result = try place(result, "the handle")
    result.pointee = try make().opened()
    return WELD_OK
  } catch {
    let failure = Failure(error)
    message?.pointee = copied(failure.message)
    return failure.result
  }
}

@c @implementation public func weld_image_create(
  _ options: UnsafePointer<weld_image_options>?, _ image: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> weld_result {
  open(image, message) { ImageHandle(try ElfImage(try ImageOptions(options))) }
}

@c @implementation public func weld_image_destroy(_ image: OpaquePointer?) {
  ImageHandle.destroy(image)
}

@c @implementation public func weld_image_error_message(
  _ image: OpaquePointer?
) -> UnsafePointer<CChar>! {
  ImageHandle.message(image)
}

@c @implementation public func weld_image_path(_ image: OpaquePointer?) -> UnsafePointer<CChar>! {
  ImageHandle.at(image).map { UnsafePointer($0.path) }
}

// MARK: Other inputs

@c @implementation public func weld_image_add_object(
  _ image: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> weld_result {
  ImageHandle.change(image) { try $0.addObject(try text(path, "the path of an object")) }
}

@c @implementation public func weld_image_add_archive(
  _ image: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> weld_result {
  ImageHandle.change(image) { try $0.addArchive(try text(path, "the path of an archive")) }
}

@c @implementation public func weld_image_add_shared_library(
  _ image: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> weld_result {
  ImageHandle.change(image) {
    try $0.addSharedLibrary(try text(path, "the path of a shared library"))
  }
}

@c @implementation public func weld_image_add_library(
  _ image: OpaquePointer?, _ name: UnsafePointer<CChar>?
) -> weld_result {
  ImageHandle.change(image) { try $0.addLibrary(try text(name, "the name of a library")) }
}

@c @implementation public func weld_image_add_startup_files(
  _ image: OpaquePointer?, _ system: weld_system, _ mode: weld_mode
) -> weld_result {
  ImageHandle.change(image) { image in
    let mode = try StartupFiles.Mode(mode)
    guard let system = try StartupFiles.System.of(system) else {
      throw Failure.invalid("no system is named whose start-up files are to be added")
    }
    try image.addStartupFiles(for: system, mode: mode)
  }
}

// MARK: Output

@c @implementation public func weld_image_flush(_ image: OpaquePointer?) -> weld_result {
  ImageHandle.flush(image)
}

@c @implementation public func weld_image_dump(
  _ image: OpaquePointer?, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> weld_result {
  ImageHandle.ask(image) { try place(text, "the text").pointee = copied($0.dump()) }
}

@c @implementation public func weld_image_dump_json(
  _ image: OpaquePointer?, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> weld_result {
  ImageHandle.ask(image) { try place(text, "the text").pointee = copied($0.dumpJSON()) }
}

@c @implementation public func weld_image_counts(
  _ image: OpaquePointer?, _ counts: UnsafeMutablePointer<weld_counts>?
) -> weld_result {
  ImageHandle.ask(image) { image in
    let output = try checkOutput(counts, "the structure of counts")
    let counts = image.counts
    output.pointee.atoms_placed = UInt64(counts.atomsPlaced)
    output.pointee.atoms_moved = UInt64(counts.atomsMoved)
    output.pointee.atoms_rewritten = UInt64(counts.atomsRewritten)
    output.pointee.slots_written = UInt64(counts.slotsWritten)
    output.pointee.relocations_applied = UInt64(counts.relocationsApplied)
    output.pointee.bytes_written = UInt64(counts.bytesWritten)
    output.pointee.file_bytes_written = UInt64(counts.fileBytesWritten)
    output.pointee.flushes = UInt64(counts.flushes)
    output.pointee.sections_moved = UInt64(counts.sectionsMoved)
  }
}

@c @implementation public func weld_image_violations(
  _ image: OpaquePointer?, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> weld_result {
  ImageHandle.ask(image) { try storeLines($0.violations(), in: try place(text, "the text")) }
}

/// A line for each; null for none.
func storeLines(
  _ lines: [String], in place: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) throws {
  place.pointee = lines.isEmpty ? nil : copied(lines.map { $0 + "\n" }.joined())
}
