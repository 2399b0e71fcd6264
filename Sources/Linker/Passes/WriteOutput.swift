import ELFFormat
import Glibc
import Platform
import Synchronization

/// Every byte of the output, once.
///
/// The file is cut into pieces: runs of atoms, chunks of merged strings and frames, linker-made
/// sections. Pieces are grouped into chunks of about a quarter megabyte that fit the cache; a worker
/// takes a chunk, assembles it in its own buffer (copying and relocating), hashes it if a build-id
/// is asked for, and writes it with one `pwrite`. Nothing is written twice but the build-id. A large
/// symbol table goes by spans instead, each of which is three ranges of the file.
struct WriteOutput<T: Target>: FollowsScan, ReadsTables, ReadsLayout {
  typealias E = T.Encoding

  let unplaced: UnplacedLink
  let tableStage: Reading<LinkerTables>
  let layoutStage: Reading<Layout>
  /// What several sections are written from.
  let changingMade: Changing<MadeContents>

  /// Writes the output, and puts it in its place if nothing failed.
  static func run(_ link: LaidOutLink) throws(LinkFailed) {
    let made = Changing(MadeContents())
    defer { made.deallocate() }
    try WriteOutput(
      unplaced: link.unplaced, tableStage: link.tableStage, layoutStage: link.layoutStage,
      changingMade: made
    ).write()
  }

  @inline(__always) var made: MadeContents {
    @inline(__always) _read { yield changingMade.value }
    @inline(__always) nonmutating _modify { yield &changingMade.value }
  }

  /// The stages, for the machine.
  var link: LaidOutLink {
    LaidOutLink(unplaced: unplaced, tableStage: tableStage, layoutStage: layoutStage)
  }

  /// A small output goes by small chunks: these take less memory, which costs more to get than what
  /// the system calls cost.
  private var chunkSize: Int { outputSize < 4 << 20 ? 1 << 16 : 1 << 18 }

  private func write() throws(LinkFailed) {
    let file: OutputFile
    do {
      if let outputBytes = services.outputBytes {
        try outputBytes.reserve(Int(outputSize))
        file = OutputFile(memory: outputBytes)
      } else {
        file = try OutputFile(
          path: options.outputPath, isExecutable: options.outputKind != .relocatable,
          size: Int(outputSize))
      }
    } catch {
      diagnostics.error("cannot create \(options.outputPath): \(error)")
      throw LinkFailed()
    }
    let pieces = makePieces()
    let chunks = makeChunks(pieces)
    let hashes = options.buildID != .none && BuildID.size(options.buildID) > 0
    let kind = options.buildID
    let digests = Mutex<[(Int, [UInt8])]>([])
    let queue = WriteQueue(file: file, workers: pool.count)
    let contexts = UnsafeMutablePointer<ApplyContext>.allocate(capacity: pool.count)
    defer {
      contexts.deinitialize(count: pool.count)
      contexts.deallocate()
    }
    for i in 0..<pool.count {
      (contexts + i).initialize(to: ApplyContext(link, relativeTable: made.relocations))
    }
    nonisolated(unsafe) let workerContexts = contexts
    nonisolated(unsafe) let all = pieces
    let spanCount = writesSymbolsBySpan ? symbolTable.spans.count + 1 : 0
    let write: @Sendable (Int, Int) -> Void = { [self] i, worker in
      let bytes: UnsafeRawBufferPointer
      var parts: [WriteQueue.Part]
      var buffer: WriteBuffer?
      if i >= chunks.count {
        buffer = queue.takeBuffer()
        (bytes, parts) = makeSpan(i - chunks.count, in: buffer!)
      } else {
        let chunk = chunks[i]
        let start = all[chunk.lowerBound].offset
        let end = all[chunk.upperBound - 1].offset + all[chunk.upperBound - 1].size
        if chunk.count == 1, let memory = all[chunk.lowerBound].memory {
          bytes = UnsafeRawBufferPointer(start: memory, count: end - start)
        } else {
          buffer = queue.takeBuffer()
          let p = buffer!.room(end - start)
          var at = start
          for j in chunk {
            let piece = all[j]
            // Gaps are zero; pieces that fill themselves entirely are not cleared first.
            if piece.offset > at { memset(p + (at - start), 0, piece.offset - at) }
            fill(piece, p + (piece.offset - start), &workerContexts[worker])
            at = piece.offset + piece.size
          }
          bytes = UnsafeRawBufferPointer(start: p, count: end - start)
        }
        parts = [WriteQueue.Part(bytes: bytes, offset: start)]
      }
      if hashes {
        let digest = BuildID.digest(kind, bytes)
        digests.withLock { $0.append((i, digest)) }
      }
      queue.write(parts, in: buffer)
    }
    // Symbols' spans are numbered behind the chunks.
    let early =
      chunks.indices.filter { !pieces[chunks[$0].lowerBound].isDeferred }
      + (chunks.count..<chunks.count + spanCount)
    let late = chunks.indices.filter { pieces[chunks[$0].lowerBound].isDeferred }
    pool.forEach(chunks: early.count) { i, worker in write(early[i], worker) }
    pool.forEach(chunks: late.count) { i, worker in write(late[i], worker) }
    if let error = queue.failure {
      diagnostics.error("cannot write \(options.outputPath): \(error)")
    }
    services.reportChangedInputs()
    if diagnostics.hasErrors {
      file.abandon()
      throw LinkFailed()
    }
    do {
      if !synthetic[.buildID].isNone {
        let id = buildID(digests.withLock { $0 })
        let offset = Int(outputs[synthetic[.buildID]].fileOffset) + 16
        try file.write(id, at: offset)
      }
      try file.setSize(Int(outputSize))
      try file.commit()
    } catch {
      file.abandon()
      diagnostics.error("cannot write \(options.outputPath): \(error)")
      throw LinkFailed()
    }
  }

  private func buildID(_ digests: [(Int, [UInt8])]) -> [UInt8] {
    switch options.buildID {
    case .bytes(let bytes): return bytes
    case .uuid: return BuildID.randomUUID()
    default:
      var all: [UInt8] = []
      for (_, digest) in digests.sorted(by: { $0.0 < $1.0 }) { all += digest }
      return all.withUnsafeBytes { BuildID.digest(options.buildID, $0) }
    }
  }

  // MARK: Pieces

  private func makePieces() -> [Piece] {
    made.nameParts = dynamicSymbols.names.parts
    var pieces = [Piece(content: .headers, offset: 0, size: Int(headersSize))]
    for index in sectionOrder {
      let output = outputs[index]
      if output.type == SectionType.nobits.rawValue || output.size == 0 { continue }
      switch output.content {
      case .atoms: addAtoms(output, index, &pieces)
      case .frames:
        for (i, chunk) in frameSection.chunks.enumerated() {
          pieces.append(
            Piece(
              content: .frames(chunk: i, of: index), offset: Int(output.fileOffset) + chunk.offset,
              size: chunk.size))
        }
      case .symbolTable:
        if writesSymbolsBySpan { continue }
        let tables = makeSymbolTables()
        addMemory(tables.symbols, outputs[synthetic[.symbolTable]], &pieces)
        addMemory(tables.names, outputs[synthetic[.symbolNames]], &pieces)
        if !synthetic[.extendedIndices].isNone, let extended = tables.extended {
          addMemory(extended, outputs[synthetic[.extendedIndices]], &pieces)
        }
      case .symbolNames, .extendedIndices: break
      case .dynamicIndices:
        // Filled with `.dynsym`, which comes before it.
        if let memory = made.sectionNumbers { addMemory(memory, output, &pieces) }
      case .dynamicRelocations:
        let memory = UnsafeMutableRawPointer(
          allocateForWriting(UInt8.self, count: Int(output.size)))
        writeDynamicRelocations(to: memory)
        made.relocations = memory
        addMemory(memory, output, isDeferred: dynamicRelocations.countedRelative > 0, &pieces)
      case .dynamicNames:
        for (i, part) in made.nameParts.enumerated() {
          pieces.append(
            Piece(
              content: .dynamicNames(part: i), offset: Int(output.fileOffset) + part.offset,
              size: part.count))
        }
      case .dynamicSymbols, .gnuHash, .sysvHash, .versionSymbols:
        // These fill themselves on all workers, and leave no byte out.
        let memory = scratch.take(bytes: Int(output.size))
        fillSection(output.content, output, memory)
        addMemory(memory, output, &pieces)
      case .compressed:
        if let memory = compressedContents[index] { addMemory(memory, output, &pieces) }
      default:
        pieces.append(
          Piece(
            content: .section(index), offset: Int(output.fileOffset), size: Int(output.size)))
      }
    }
    if sectionHeadersOffset != 0 {
      pieces.append(
        Piece(
          content: .sectionHeaders, offset: Int(sectionHeadersOffset),
          size: (sectionOrder.count + 1) * SectionHeader<E>.size))
    }
    return pieces.sorted { $0.offset < $1.offset }
  }

  private func addMemory(
    _ memory: UnsafeRawPointer, _ output: OutputSection, isDeferred: Bool = false,
    _ pieces: inout [Piece]
  ) {
    var at = 0
    let size = Int(output.size)
    while at < size {
      let n = min(size - at, 1 << 20)
      pieces.append(
        Piece(
          content: .memory(memory + at), offset: Int(output.fileOffset) + at, size: n,
          isDeferred: isDeferred))
      at += n
    }
  }

  /// Runs of atoms of about a chunk each; large merged sections are cut further.
  private func addAtoms(_ output: OutputSection, _ index: OutputIndex, _ pieces: inout [Piece]) {
    let order = atomOrder + output.firstAtom
    let base = output.address
    let fill: UInt8 = output.has.contains(.execute) ? target.codeFill : 0
    var first = 0
    var start: UInt64 = 0
    func offset(_ i: Int) -> UInt64 { atoms.pointer(order[i]).pointee.address &- base }
    func close(_ i: Int, _ end: UInt64) {
      if i > first {
        pieces.append(
          Piece(
            content: .atoms(
              output.firstAtom + first..<output.firstAtom + i, of: index, fill: fill),
            offset: Int(output.fileOffset + start), size: Int(end - start)))
      }
      first = i
      start = end
    }
    for i in 0..<output.atomCount {
      let atom = atoms.pointer(order[i])
      let at = offset(i)
      if atom.pointee.kind == .synthetic, atom.pointee.size > UInt64(chunkSize) {
        close(i, at)
        var done: UInt64 = 0
        while done < atom.pointee.size {
          let n = min(atom.pointee.size - done, UInt64(chunkSize * 4))
          pieces.append(
            Piece(
              content: .merged(
                section: Int(atom.pointee.side), Int(done)..<Int(done + n)),
              offset: Int(output.fileOffset + at + done), size: Int(n)))
          done += n
        }
        first = i + 1
        start = at + atom.pointee.size
        continue
      }
      if at &- start >= UInt64(chunkSize) { close(i, at) }
      // Padding that takes longer to write than what is between stays a hole in the file.
      let previous = i > first ? offset(i - 1) &+ atoms.pointer(order[i - 1]).pointee.size : start
      if at &- previous > 1 << 20 {
        close(i, previous)
        start = at
      }
      if atom.pointee.kind == .zeroFill, atom.pointee.size > 1 << 20 {
        close(i, at)
        first = i + 1
        start = at &+ atom.pointee.size
      }
    }
    close(output.atomCount, output.size)
  }

  /// Groups neighbouring pieces until they are worth a system call.
  private func makeChunks(_ pieces: [Piece]) -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    var first = 0
    for i in 0..<pieces.count {
      let end = pieces[i].offset + pieces[i].size
      let isLast = i + 1 == pieces.count
      let gap = isLast ? 0 : pieces[i + 1].offset - end
      if isLast || end - pieces[first].offset >= chunkSize || gap > 1 << 16
        || pieces[i + 1].size > chunkSize || pieces[i + 1].isDeferred != pieces[i].isDeferred
      {
        chunks.append(first..<i + 1)
        first = i + 1
      }
    }
    return chunks
  }

  private func fill(
    _ piece: Piece, _ p: UnsafeMutableRawPointer, _ context: inout ApplyContext
  ) {
    if case .atoms(let atoms, let output, let fill) = piece.content {
      fillAtoms(atoms, of: output, fill: fill, piece, p, &context)
      return
    }
    if case .memory(let memory) = piece.content {
      memcpy(p, memory, piece.size)
      return
    }
    if case .dynamicNames(let part) = piece.content {
      dynamicSymbols.names.write(made.nameParts[part], to: p)
      return
    }
    memset(p, 0, piece.size)
    switch piece.content {
    case .atoms, .memory, .dynamicNames: break
    case .merged(let section, let range): writeMerged(section, range: range, to: p)
    case .frames(let chunk, let index):
      writeFrameChunk(chunk, address: outputs[index].address, to: p)
    case .headers: writeHeaders(to: p)
    case .sectionHeaders: writeSectionHeaders(to: p)
    case .section(let index): fillSection(outputs[index].content, outputs[index], p)
    }
  }

  private func fillAtoms(
    _ range: Range<Int>, of index: OutputIndex, fill: UInt8, _ piece: Piece,
    _ p: UnsafeMutableRawPointer, _ context: inout ApplyContext
  ) {
    let output = outputs[index]
    let pieceStart = output.address &+ UInt64(piece.offset) &- output.fileOffset
    var at = 0
    for i in range {
      let index = atomOrder[i]
      let atom = atoms.pointer(index).pointee
      let offset = Int(atom.address &- pieceStart)
      if offset > at { memset(p + at, Int32(fill), offset - at) }
      link.writeAtom(T.self, index, atom, p + offset, &context)
      at = offset + Int(atom.size)
    }
    if at < piece.size { memset(p + at, Int32(fill), piece.size - at) }
  }

  // MARK: Linker-made sections

  private func fillSection(
    _ content: SectionContent, _ output: OutputSection, _ p: UnsafeMutableRawPointer
  ) {
    switch content {
    case .interpreter:
      var path = interpreterPath ?? ""
      path.withUTF8 { p.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    case .buildID: writeNote(p, type: 3, size: BuildID.size(options.buildID))
    case .propertyNote: writePropertyNote(to: p)
    case .packageNote:
      var text = options.packageMetadata ?? ""
      text.withUTF8 { bytes in
        // FDO_PACKAGING_METADATA of the package metadata specification.
        E.store32(4, p)
        E.store32(UInt32(bytes.count + 1), p + 4)
        E.store32(0xcafe_1a7e, p + 8)
        for (i, byte) in "FDO".utf8.enumerated() {
          p.storeBytes(of: byte, toByteOffset: 12 + i, as: UInt8.self)
        }
        (p + 16).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
      }
    case .dynamicSymbols: writeDynamicSymbols(to: p)
    case .sysvHash: writeSysvHash(to: p)
    case .gnuHash: writeGNUHash(to: p)
    case .versionSymbols: writeVersionSymbols(to: p)
    case .versionDefinitions: writeVersionDefinitions(to: p)
    case .versionNeeds: writeVersionNeeds(to: p)
    case .pltRelocations: writePLTRelocations(to: p)
    case .relativeRelocations: writeRelativeRelocations(to: p)
    case .procedureLinkage: writePLT(to: p)
    case .procedureLinkageSecond: writeSecondPLT(to: p)
    case .procedureLinkageOffset: writeDirectPLT(to: p)
    case .offsetTable: writeOffsetTable(to: p)
    case .pltOffsetTable: writePLTOffsetTable(to: p)
    case .dynamic: writeDynamic(to: p)
    case .frameHeader:
      writeFrameHeader(
        headerAddress: output.address,
        frameAddress: outputs[synthetic[.frames]].address, to: p)
    case .sectionNames: writeSectionNames(to: p)
    default: break
    }
  }

  private func writeNote(
    _ p: UnsafeMutableRawPointer, type: UInt32, size: Int
  ) {
    E.store32(4, p)
    E.store32(UInt32(size), p + 4)
    E.store32(type, p + 8)
    for (i, byte) in "GNU".utf8.enumerated() {
      p.storeBytes(of: byte, toByteOffset: 12 + i, as: UInt8.self)
    }
  }

  private func writePropertyNote(to p: UnsafeMutableRawPointer) {
    let size = Int(outputs[synthetic[.propertyNote]].size) - 16
    writeNote(p, type: 5, size: size)
    var at = p + 16
    // Properties are in the order of their types.
    for (kind, value) in [
      (PropertyNote.featureAnd, properties.features),
      (PropertyNote.isaNeeded, properties.isaNeeded),
    ] where value != 0 {
      E.store32(kind, at)
      E.store32(4, at + 4)
      E.store32(value, at + 8)
      at += E.is64 ? 16 : 12
    }
  }

  private func writeSectionNames(to p: UnsafeMutableRawPointer) { sectionNameTable.write(to: p) }
}

/// Something that fills `size` bytes at `offset` of the file.
struct Piece {
  enum Content {
    case headers
    case sectionHeaders
    /// Those of `atomOrder`, of one output section, and what lies between them.
    case atoms(Range<Int>, of: OutputIndex, fill: UInt8)
    /// Bytes of a merged section.
    case merged(section: Int, Range<Int>)
    case frames(chunk: Int, of: OutputIndex)
    /// A part of the dynamic symbols' names.
    case dynamicNames(part: Int)
    /// A whole linker-made section.
    case section(OutputIndex)
    /// Bytes kept in memory.
    case memory(UnsafeRawPointer)
  }
  var content: Content
  var offset: Int
  var size: Int
  /// Written when all others are, because these fill its bytes.
  var isDeferred = false

  /// The bytes, if they are in memory already.
  var memory: UnsafeRawPointer? {
    if case .memory(let memory) = content { return memory }
    return nil
  }
}

/// What is made once, before pieces are written.
struct MadeContents {
  /// Pieces in which `.dynstr` is written.
  var nameParts: [StringTableBuilder.Part] = []
  /// Contents of `.dynsym_shndx`, if the output has it: for each symbol 0, or its section's number if
  /// `.dynsym` has no room for it. In the output's byte order.
  var sectionNumbers: UnsafeMutableRawPointer?
  /// The bytes of `.rela.dyn`.
  var relocations: UnsafeMutableRawPointer?
}
