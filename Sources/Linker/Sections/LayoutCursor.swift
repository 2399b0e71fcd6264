import ELFFormat

/// Where the next section goes, while loaded sections are placed one after the other, and the segments
/// that they make.
///
/// Sizes and alignments are bounded beforehand; addresses start where options say, so that they may wrap
/// around, which `LayoutBounds` tells.
struct LayoutCursor {
  /// The next address, and the next place in the file.
  private var address: UInt64
  private var offset: UInt64
  /// Where the file's bytes end so far.
  private(set) var fileEnd: UInt64
  /// The segment that sections are added to.
  var load: Segment
  /// Those that are complete.
  private(set) var loads: [Segment] = []
  private(set) var tls: Segment?
  /// What becomes read-only after relocation.
  private(set) var relro: Segment?
  /// The last section had no bytes in the file.
  private(set) var isBehindZero = false
  /// Bytes of thread-locals without bytes, which take room in the TLS segment alone.
  private var threadZeroSize: UInt64 = 0
  private var isInRelro = false
  /// What follows on RELRO must not share a page with it.
  private let page: UInt64

  /// Behind the headers, which the first segment begins with.
  init(base: UInt64, headersSize: UInt64, flags: SegmentFlags, page: UInt64) {
    address = base &+ headersSize
    offset = headersSize
    fileEnd = headersSize
    self.page = page
    load = Segment(type: .load, flags: flags, offset: 0, address: base)
  }

  private mutating func align(to alignment: UInt64) {
    let aligned = alignUp(address, alignment)
    offset &+= aligned &- address
    address = aligned
  }

  // MARK: Segments

  mutating func closeSegment() {
    load.memorySize = address &- load.address
    load.fileSize = fileEnd > load.offset ? fileEnd - load.offset : 0
    load.fileSize = min(load.fileSize, load.memorySize)
    if load.memorySize > 0 { loads.append(load) }
  }

  /// Closes the segment and begins another.
  ///
  /// - Parameters:
  ///   - start: where it has to begin; nil for the next page.
  ///   - separates: no page of the file is to be in both. If not, the same page is mapped again with
  ///     other permissions.
  ///   - page: the largest that the output is made for.
  ///   - alignment: of its first section.
  ///   - reach: the largest alignment in it.
  mutating func beginSegment(
    _ flags: SegmentFlags, at start: UInt64?, separates: Bool, page: UInt64, alignment: UInt64,
    reach: UInt64
  ) {
    closeSegment()
    if let start {
      address = start
      offset = alignUp(fileEnd, page) &+ address % page
    } else {
      offset = separates ? alignUp(fileEnd, self.page) : fileEnd
      address = alignUp(address, page) &+ offset % page
    }
    align(to: alignment)
    offset &+= (address &- offset) & (reach &- 1)
    load = Segment(type: .load, flags: flags, offset: offset, address: address)
    load.alignment = reach
    fileEnd = max(fileEnd, offset)
  }

  /// Ends what becomes read-only, if the last section was of it.
  ///
  /// - Parameter isLast: nothing follows in the file.
  mutating func endRelro(isLast: Bool = false) {
    guard isInRelro else { return }
    isInRelro = false
    address = alignUp(address, page)
    if !isLast {
      offset = alignUp(offset, page)
      fileEnd = max(fileEnd, offset)
    }
    relro!.fileSize = offset &- relro!.offset
    relro!.memorySize = address &- relro!.address
  }

  // MARK: Sections

  /// Gives a section its place.
  mutating func place(_ section: inout OutputSection, isZero: Bool, isThreadZero: Bool) {
    let alignment = (1 as UInt64) << UInt64(section.alignment)
    if isThreadZero {
      section.address = alignUp(address &+ threadZeroSize, alignment)
      section.fileOffset = offset &+ (section.address &- address)
      threadZeroSize = section.address &+ section.size &- address
    } else {
      align(to: alignment)
      section.address = address
      section.fileOffset = offset
    }
  }

  /// Goes on behind a section that has its place.
  mutating func extend(by section: OutputSection, isZero: Bool, isRelro: Bool) {
    let isThreadLocal = section.has.contains(.threadLocal)
    if isThreadLocal { extendThreadLocals(by: section, isZero: isZero) }
    if isRelro, relro == nil {
      relro = Segment(
        type: .gnuRelro, flags: .read, offset: section.fileOffset, address: section.address)
    }
    isInRelro = isRelro
    if isZero, isThreadLocal { return }
    address &+= section.size
    if !isZero {
      offset &+= section.size
      fileEnd = max(fileEnd, offset)
    }
    isBehindZero = isZero
  }

  private mutating func extendThreadLocals(by section: OutputSection, isZero: Bool) {
    var segment =
      tls
      ?? Segment(
        type: .threadLocal, flags: .read, offset: section.fileOffset, address: section.address)
    segment.alignment = max(segment.alignment, 1 << UInt64(section.alignment))
    segment.memorySize = section.address &+ section.size &- segment.address
    if !isZero { segment.fileSize = segment.memorySize }
    tls = segment
  }
}
