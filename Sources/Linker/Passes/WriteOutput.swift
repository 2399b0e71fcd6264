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
extension Link {
  /// Something that fills `size` bytes at `offset` of the file.
  struct Piece {
    enum Kind {
      case headers
      case sectionHeaders
      /// Atoms `first..<last` of `atomOrder`.
      case atoms
      /// Bytes `first..<last` of the merged section of one atom.
      case merged
      case frames
      /// Part `first` of the dynamic symbols' names.
      case dynamicNames
      /// A whole linker-made section.
      case section
      /// Bytes kept in memory.
      case memory
    }
    var kind: Kind
    var offset: Int
    var size: Int
    var output = OutputIndex.none
    var first = 0
    var last = 0
    var memory: UnsafeRawPointer?
    /// What lies between atoms.
    var fill: UInt8 = 0
    /// Written when all others are, because these fill its bytes.
    var isDeferred = false
  }

  /// A small output goes by small chunks: these take less memory, which costs more to get than what
  /// the system calls cost.
  private var chunkSize: Int { outputSize < 4 << 20 ? 1 << 16 : 1 << 18 }

  func writeOutput<T: Target>(_: T.Type) throws(LinkFailed) {
    typealias E = T.Encoding
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
    let pieces = makePieces(T.self)
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
    for i in 0..<pool.count { (contexts + i).initialize(to: ApplyContext(link: self)) }
    nonisolated(unsafe) let workerContexts = contexts
    nonisolated(unsafe) let all = pieces
    let spanCount = writesSymbolsBySpan ? symbolTable.spans.count + 1 : 0
    let write: @Sendable (Int, Int) -> Void = { [self] i, worker in
      let bytes: UnsafeRawBufferPointer
      var parts: [WriteQueue.Part]
      var buffer: WriteBuffer?
      if i >= chunks.count {
        buffer = queue.takeBuffer()
        (bytes, parts) = makeSpan(E.self, i - chunks.count, in: buffer!)
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
            fill(T.self, piece, p + (piece.offset - start), &workerContexts[worker])
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
    reportChangedInputs()
    if diagnostics.hasErrors {
      file.abandon()
      throw LinkFailed()
    }
    do {
      if !synthetic.buildID.isNone {
        let id = buildID(digests.withLock { $0 })
        let offset = Int(outputs[synthetic.buildID].fileOffset) + 16
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

  private func makePieces<T: Target>(_: T.Type) -> [Piece] {
    typealias E = T.Encoding
    dynamicNameParts = dynamicSymbols.names.parts
    var pieces = [Piece(kind: .headers, offset: 0, size: Int(headersSize))]
    for index in sectionOrder {
      let output = outputs[index]
      if output.type == SectionType.nobits.rawValue || output.size == 0 { continue }
      switch output.content {
      case .atoms: addAtoms(output, index, &pieces)
      case .frames:
        for (i, chunk) in frameSection.chunks.enumerated() {
          pieces.append(
            Piece(
              kind: .frames, offset: Int(output.fileOffset) + chunk.offset, size: chunk.size,
              output: index, first: i))
        }
      case .symbolTable:
        if writesSymbolsBySpan { continue }
        let tables = makeSymbolTables(E.self)
        addMemory(tables.symbols, outputs[synthetic.symbolTable], &pieces)
        addMemory(tables.names, outputs[synthetic.symbolNames], &pieces)
        if !synthetic.extendedIndices.isNone, let extended = tables.extended {
          addMemory(extended, outputs[synthetic.extendedIndices], &pieces)
        }
      case .symbolNames, .extendedIndices: break
      case .dynamicIndices:
        // Filled with `.dynsym`, which comes before it.
        if let memory = dynamicSymbols.sectionNumbers { addMemory(memory, output, &pieces) }
      case .dynamicRelocations:
        let memory = UnsafeMutableRawPointer(
          allocateForWriting(UInt8.self, count: Int(output.size)))
        writeDynamicRelocations(T.self, to: memory)
        dynamicRelocations.bytes = memory
        addMemory(memory, output, isDeferred: dynamicRelocations.countedRelative > 0, &pieces)
      case .dynamicNames:
        for (i, part) in dynamicNameParts.enumerated() {
          pieces.append(
            Piece(
              kind: .dynamicNames, offset: Int(output.fileOffset) + part.offset, size: part.count,
              output: index, first: i))
        }
      case .dynamicSymbols, .gnuHash, .sysvHash, .versionSymbols:
        // These fill themselves on all workers, and leave no byte out.
        let memory = scratch.take(bytes: Int(output.size))
        fillSection(T.self, output.content, output, memory)
        addMemory(memory, output, &pieces)
      case .compressed:
        if let memory = compressedContents[index] { addMemory(memory, output, &pieces) }
      default:
        pieces.append(
          Piece(
            kind: .section, offset: Int(output.fileOffset), size: Int(output.size), output: index))
      }
    }
    if sectionHeadersOffset != 0 {
      pieces.append(
        Piece(
          kind: .sectionHeaders, offset: Int(sectionHeadersOffset),
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
          kind: .memory, offset: Int(output.fileOffset) + at, size: n, memory: memory + at,
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
            kind: .atoms, offset: Int(output.fileOffset + start), size: Int(end - start),
            output: index, first: output.firstAtom + first, last: output.firstAtom + i, fill: fill))
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
              kind: .merged, offset: Int(output.fileOffset + at + done), size: Int(n),
              output: index, first: Int(done), last: Int(atom.pointee.side)))
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

  private func fill<T: Target>(
    _: T.Type, _ piece: Piece, _ p: UnsafeMutableRawPointer, _ context: inout ApplyContext
  ) {
    switch piece.kind {
    case .atoms: fillAtoms(T.self, piece, p, &context)
    case .merged:
      memset(p, 0, piece.size)
      writeMerged(piece.last, range: piece.first..<piece.first + piece.size, to: p)
    case .frames:
      memset(p, 0, piece.size)
      writeFrameChunk(T.self, piece.first, address: outputs[piece.output].address, to: p)
    case .dynamicNames: dynamicSymbols.names.write(dynamicNameParts[piece.first], to: p)
    case .memory: memcpy(p, piece.memory!, piece.size)
    case .headers:
      memset(p, 0, piece.size)
      writeHeaders(T.self, to: p)
    case .sectionHeaders:
      memset(p, 0, piece.size)
      writeSectionHeaders(T.self, to: p)
    case .section:
      memset(p, 0, piece.size)
      fillSection(T.self, outputs[piece.output].content, outputs[piece.output], p)
    }
  }

  private func fillAtoms<T: Target>(
    _: T.Type, _ piece: Piece, _ p: UnsafeMutableRawPointer, _ context: inout ApplyContext
  ) {
    let output = outputs[piece.output]
    let pieceStart = output.address &+ UInt64(piece.offset) &- output.fileOffset
    var at = 0
    for i in piece.first..<piece.last {
      let index = atomOrder[i]
      let atom = atoms.pointer(index).pointee
      let offset = Int(atom.address &- pieceStart)
      if offset > at { memset(p + at, Int32(piece.fill), offset - at) }
      writeAtom(T.self, index, atom, p + offset, &context)
      at = offset + Int(atom.size)
    }
    if at < piece.size { memset(p + at, Int32(piece.fill), piece.size - at) }
  }

  @inline(__always)
  func writeAtom<T: Target>(
    _: T.Type, _ index: AtomIndex, _ atom: Atom, _ p: UnsafeMutableRawPointer,
    _ context: inout ApplyContext
  ) {
    switch atom.kind {
    case .regular:
      let bytes = atom.contents
      memcpy(p, bytes.start, Int(atom.size))
      if atom.relocations != 0 { T.apply(self, &context, index, p) }
      if atom.has.contains(.isReversed) { reverseWords(p, Int(atom.size), T.Encoding.wordSize) }
    case .synthetic:
      memset(p, 0, Int(atom.size))
      writeMerged(Int(atom.side), to: p)
    case .zeroFill, .merged, .frames: memset(p, 0, Int(atom.size))
    }
  }

  private func reverseWords(_ p: UnsafeMutableRawPointer, _ size: Int, _ width: Int) {
    var low = 0
    var high = size / width * width - width
    while low < high {
      for k in 0..<width {
        let a = p.load(fromByteOffset: low + k, as: UInt8.self)
        let b = p.load(fromByteOffset: high + k, as: UInt8.self)
        p.storeBytes(of: b, toByteOffset: low + k, as: UInt8.self)
        p.storeBytes(of: a, toByteOffset: high + k, as: UInt8.self)
      }
      low += width
      high -= width
    }
  }

  // MARK: Linker-made sections

  private func fillSection<T: Target>(
    _: T.Type, _ content: SectionContent, _ output: OutputSection, _ p: UnsafeMutableRawPointer
  ) {
    typealias E = T.Encoding
    switch content {
    case .interpreter:
      var path = interpreterPath ?? ""
      path.withUTF8 { p.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    case .buildID: writeNote(E.self, p, type: 3, size: BuildID.size(options.buildID))
    case .propertyNote: writePropertyNote(E.self, to: p)
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
    case .dynamicSymbols: writeDynamicSymbols(E.self, to: p)
    case .sysvHash: writeSysvHash(E.self, to: p)
    case .gnuHash: writeGNUHash(E.self, to: p)
    case .versionSymbols: writeVersionSymbols(E.self, to: p)
    case .versionDefinitions: writeVersionDefinitions(E.self, to: p)
    case .versionNeeds: writeVersionNeeds(E.self, to: p)
    case .pltRelocations: writePLTRelocations(T.self, to: p)
    case .relativeRelocations: writeRelativeRelocations(T.self, to: p)
    case .procedureLinkage: writePLT(T.self, to: p)
    case .procedureLinkageSecond: writeSecondPLT(T.self, to: p)
    case .procedureLinkageOffset: writeDirectPLT(T.self, to: p)
    case .offsetTable: writeOffsetTable(T.self, to: p)
    case .pltOffsetTable: writePLTOffsetTable(T.self, to: p)
    case .dynamic: writeDynamic(E.self, to: p)
    case .frameHeader:
      writeFrameHeader(
        T.self, headerAddress: output.address,
        frameAddress: outputs[synthetic.frames].address, to: p)
    case .sectionNames: writeSectionNames(to: p)
    default: break
    }
  }

  private func writeNote<E: ELFEncoding>(
    _: E.Type, _ p: UnsafeMutableRawPointer, type: UInt32, size: Int
  ) {
    E.store32(4, p)
    E.store32(UInt32(size), p + 4)
    E.store32(type, p + 8)
    for (i, byte) in "GNU".utf8.enumerated() {
      p.storeBytes(of: byte, toByteOffset: 12 + i, as: UInt8.self)
    }
  }

  private func writePropertyNote<E: ELFEncoding>(_: E.Type, to p: UnsafeMutableRawPointer) {
    let size = Int(outputs[synthetic.propertyNote].size) - 16
    writeNote(E.self, p, type: 5, size: size)
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

  // MARK: Headers

  private func writeHeaders<T: Target>(_: T.Type, to p: UnsafeMutableRawPointer) {
    typealias E = T.Encoding
    let identification: InlineArray<8, UInt8> = [
      0x7f, 0x45, 0x4c, 0x46, E.is64 ? 2 : 1, E.isBigEndian ? 2 : 1, 1, usesGNUExtensions ? 3 : 0,
    ]
    for i in 0..<8 { p.storeBytes(of: identification[i], toByteOffset: i, as: UInt8.self) }
    let type = isPositionIndependent ? FileType.shared : FileType.executable
    E.store16(type, p + 16)
    E.store16(T.machine, p + 18)
    E.store32(1, p + 20)
    E.storeWord(entryAddress, p + 24)
    let headerSize = FileHeader<E>.size
    E.storeWord(UInt64(headerSize), p + (E.is64 ? 32 : 28))
    E.storeWord(sectionHeadersOffset, p + (E.is64 ? 40 : 32))
    E.store32(T.headerFlags, p + (E.is64 ? 48 : 36))
    E.store16(UInt16(headerSize), p + (E.is64 ? 52 : 40))
    E.store16(E.is64 ? 56 : 32, p + (E.is64 ? 54 : 42))
    E.store16(UInt16(segments.count), p + (E.is64 ? 56 : 44))
    E.store16(UInt16(SectionHeader<E>.size), p + (E.is64 ? 58 : 46))
    if sectionHeadersOffset != 0 {
      let count = sectionOrder.count + 1
      let names = outputs[synthetic.sectionNames].headerIndex
      E.store16(
        count >= Int(SectionIndex.reservedStart) ? 0 : UInt16(count), p + (E.is64 ? 60 : 48))
      E.store16(
        names >= SectionIndex.reservedStart
          ? UInt16(SectionIndex.extended) : UInt16(names), p + (E.is64 ? 62 : 50))
    }
    for (i, segment) in segments.enumerated() {
      let h = p + headerSize + i * (E.is64 ? 56 : 32)
      E.store32(segment.type.rawValue, h)
      if E.is64 {
        E.store32(segment.flags.rawValue, h + 4)
      } else {
        E.store32(segment.flags.rawValue, h + 24)
      }
      E.storeWord(segment.offset, h + (E.is64 ? 8 : 4))
      E.storeWord(segment.address, h + (E.is64 ? 16 : 8))
      E.storeWord(segment.address, h + (E.is64 ? 24 : 12))
      E.storeWord(segment.fileSize, h + (E.is64 ? 32 : 16))
      E.storeWord(segment.memorySize, h + (E.is64 ? 40 : 20))
      E.storeWord(segment.alignment, h + (E.is64 ? 48 : 28))
    }
  }

  /// ELFOSABI_GNU marks outputs with indirect functions or unique symbols.
  private var usesGNUExtensions: Bool {
    hasGNUSymbols
      || offsetTable.slots.contains { $0.use == .indirect }
      || dynamicRelocations.lists.contains { $0.contains { $0.kind == .indirect } }
  }

  private func writeSectionHeaders<T: Target>(_: T.Type, to p: UnsafeMutableRawPointer) {
    typealias E = T.Encoding
    let size = SectionHeader<E>.size
    let count = sectionOrder.count + 1
    // The null header carries counts that do not fit the file header.
    if count >= Int(SectionIndex.reservedStart) {
      E.storeWord(UInt64(count), p + (E.is64 ? 32 : 20))
    }
    let names = outputs[synthetic.sectionNames].headerIndex
    if names >= SectionIndex.reservedStart { E.store32(names, p + (E.is64 ? 40 : 24)) }
    for (i, index) in sectionOrder.enumerated() {
      let output = outputs[index]
      let h = p + (i + 1) * size
      let link = links(E.self, index)
      E.store32(output.nameOffset, h)
      E.store32(output.type, h + 4)
      E.storeWord(output.flags, h + 8)
      E.storeWord(output.address, h + (E.is64 ? 16 : 12))
      E.storeWord(output.fileOffset, h + (E.is64 ? 24 : 16))
      E.storeWord(output.size, h + (E.is64 ? 32 : 20))
      E.store32(link.link, h + (E.is64 ? 40 : 24))
      E.store32(link.info, h + (E.is64 ? 44 : 28))
      E.storeWord(1 << UInt64(output.alignment), h + (E.is64 ? 48 : 32))
      E.storeWord(output.entrySize, h + (E.is64 ? 56 : 36))
    }
  }

  private func links<E: ELFEncoding>(_: E.Type, _ index: OutputIndex) -> (
    link: UInt32, info: UInt32
  ) {
    func number(_ index: OutputIndex) -> UInt32 { index.isNone ? 0 : outputs[index].headerIndex }
    switch outputs[index].content {
    case .dynamicSymbols: return (number(synthetic.dynamicNames), 1)
    case .sysvHash, .gnuHash, .versionSymbols, .dynamicIndices:
      return (number(synthetic.dynamicSymbols), 0)
    case .versionDefinitions:
      return (number(synthetic.dynamicNames), UInt32(versionDefinitionCount))
    case .versionNeeds: return (number(synthetic.dynamicNames), UInt32(versionNeedCount))
    case .dynamicRelocations: return (number(synthetic.dynamicSymbols), 0)
    case .pltRelocations:
      // In a static program they have no symbols; its `.symtab` would be none that is loaded, and
      // tools that strip refuse such a link.
      return (
        number(synthetic.dynamicSymbols),
        isDynamic
          ? number(
            synthetic.pltOffsetTable.isNone ? synthetic.offsetTable : synthetic.pltOffsetTable) : 0
      )
    case .dynamic: return (number(synthetic.dynamicNames), 0)
    case .symbolTable: return (number(synthetic.symbolNames), UInt32(symbolTable.localCount))
    case .extendedIndices: return (number(synthetic.symbolTable), 0)
    case .atoms:
      return (linkOrders[index].map { outputs[$0].headerIndex } ?? 0, 0)
    default: return (outputs[index].link, outputs[index].info)
    }
  }

  /// Gives every section its name's place; before layout, for the table's size.
  func layOutSectionNames() {
    var table = StringTableBuilder()
    for index in sectionOrder { outputs[index].nameOffset = table.add(outputs[index].name) }
    outputs[synthetic.sectionNames].size = UInt64(table.count)
    sectionNameTable = table
  }

  private func writeSectionNames(to p: UnsafeMutableRawPointer) { sectionNameTable.write(to: p) }
}
