import CSystem
import Glibc
import Linker
import Platform

/// Which of some address ranges the stopped threads of a process may still be in.
///
/// A thread is in a range if it executes there, or will come back. The first is told by its program
/// counter; the second by return addresses on its stack, and by addresses that it holds in registers
/// or has put on the stack, to go there next. No frame descriptions are asked: whatever looks like an
/// address in a range is taken for one. That errs on the side of keeping a range.
///
/// A stack is searched from the stack pointer (below it, where functions may use what lies there) to
/// the first page that cannot be read, which is beyond the stack's beginning. A thread that handles
/// a signal on a stack of its own is noticed by that the search did not come past the place where
/// its real stack begins: for the first thread the kernel tells that place, the others have their
/// thread pointer there. Then the mapping with that place is searched as a whole.
///
/// Not found are addresses that a program keeps elsewhere: pointers to functions in its heap, and
/// the stacks of coroutines that are not running. `includingMemory` searches all writable memory.
struct ThreadSearch {
  struct Hit {
    let thread: pid_t
    /// Where the address was found, in words.
    let place: String
  }

  /// Sorted by where they begin; those that overlapped are joined.
  private let ranges: [Range<UInt64>]
  /// For each range, the first thread that may be in it.
  private(set) var hits: [Hit?]
  /// Bytes that may still be searched.
  private var budget: Int
  /// There was more to search than the budget allowed: ranges without a hit are not known to be
  /// free.
  private(set) var isIncomplete = false

  private let lowest: UInt64
  private let span: UInt64

  init(_ ranges: [Range<UInt64>], budget: Int) {
    var separate: [Range<UInt64>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = separate.last, range.lowerBound < last.upperBound {
        separate[separate.count - 1] =
          last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        separate.append(range)
      }
    }
    self.ranges = separate
    hits = [Hit?](repeating: nil, count: self.ranges.count)
    self.budget = budget
    lowest = self.ranges.first?.lowerBound ?? 0
    span = (self.ranges.map { $0.upperBound }.max() ?? 0) &- lowest
  }

  /// Ranges in which nothing was found; none if the search is incomplete.
  var free: [Range<UInt64>] {
    isIncomplete ? [] : zip(ranges, hits).filter { $0.1 == nil }.map { $0.0 }
  }

  var isOver: Bool { isIncomplete || hits.allSatisfy { $0 != nil } }

  /// The hits on ranges that overlap another range.
  func hits(in range: Range<UInt64>) -> [Hit] {
    zip(ranges, hits).compactMap { $0.0.overlaps(range) ? $0.1 : nil }
  }

  // MARK: Searching

  /// Looks where a thread executes only.
  mutating func searchProgramCounter(of thread: TracedThreads.Thread) {
    guard let registers = thread.registers else { return }
    // Where a system call is the last instruction, it is the place after it; the kernel may step
    // back to make the call again.
    look(registers.programCounter, thread.id, "executes")
    if registers.programCounter > 0 {
      look(registers.programCounter - 1, thread.id, "executes")
    }
  }

  /// Looks at a thread's registers and stack.
  ///
  /// - Parameter startOfStack: where the first thread's stack begins.
  mutating func search(
    _ thread: TracedThreads.Thread, startOfStack: UInt64, files: ProcessFiles
  ) {
    searchProgramCounter(of: thread)
    guard let registers = thread.registers else { return }
    for word in registers.words { look(word, thread.id, "in a register") }
    if isOver { return }
    let start = registers.stackPointer & ~7
    // What lies below may be in a page that is not there yet.
    if Registers.redZone > 0 {
      _ = searchBlock(start &- Registers.redZone, Int(Registers.redZone), thread.id)
    }
    let end = searchUpwards(from: start, thread.id)
    let home = thread.id == files.process ? startOfStack : registers.threadPointer
    if isOver || home == 0 || (start..<max(start, end)).contains(home) { return }
    guard let text = ProcessFiles.contents(files.path(thread.id, "maps")),
      let mapping = ProcessMap(text).mapping(at: home)
    else { return isIncomplete = true }
    searchMapping(mapping, thread.id, files: files)
  }

  /// Looks at all memory that the process can write.
  mutating func searchMemory(_ thread: pid_t, files: ProcessFiles) {
    guard let text = ProcessFiles.contents(files.path(thread, "maps")) else {
      return isIncomplete = true
    }
    for mapping in ProcessMap(text).mappings where mapping.isWritable && mapping.isReadable {
      if isOver { return }
      searchMapping(mapping, thread, files: files)
    }
  }

  /// Searches until a page cannot be read; returns where that was.
  private mutating func searchUpwards(from start: UInt64, _ thread: pid_t) -> UInt64 {
    var address = start
    var size = 16 << 10
    while !isOver {
      let count = searchBlock(address, size, thread)
      address += UInt64(count)
      if count < size { break }
      size = 64 << 10
    }
    return address
  }

  /// Searches the pages of a mapping that the process has ever used.
  private mutating func searchMapping(
    _ mapping: ProcessMap.Mapping, _ thread: pid_t, files: ProcessFiles
  ) {
    let page = Self.pageSize
    let pages = Int((mapping.range.upperBound - mapping.range.lowerBound) / page)
    // A word for each page: bit 63 is set if it is in memory, bit 62 if it is swapped out. Source:
    // the kernel's admin-guide/mm/pagemap.
    var table: [UInt8] = []
    if mapping.isAnonymous,
      let memory = try? ProcessMemory(pageTable: files.path(thread, "pagemap"))
    {
      table = (try? memory.bytes(mapping.range.lowerBound / page * 8, count: pages * 8)) ?? []
    }
    var index = 0
    while index < pages, !isOver {
      if table.count == pages * 8, table[index * 8 + 7] & 0xc0 == 0 {
        index += 1
        continue
      }
      let address = mapping.range.lowerBound + UInt64(index) * page
      // What cannot be read belongs to a device.
      _ = searchBlock(address, Int(page), thread)
      index += 1
    }
  }

  /// Searches a block of memory; returns how much of it could be read.
  private mutating func searchBlock(_ address: UInt64, _ size: Int, _ thread: pid_t) -> Int {
    if budget <= 0 {
      isIncomplete = true
      return 0
    }
    return withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { block in
      let count = weld_process_read(thread, address, block.baseAddress, size)
      if count < 0 {
        if errno != EFAULT { isIncomplete = true }
        return 0
      }
      budget -= count
      let words = UnsafeRawBufferPointer(rebasing: block[..<(count & ~7)])
        .bindMemory(to: UInt64.self)
      for index in 0..<words.count where words[index] &- lowest < span {
        look(words[index], thread, "at \(hex(address + UInt64(index) * 8)) of its stack or data")
      }
      return count
    }
  }

  @inline(__always)
  private mutating func look(_ word: UInt64, _ thread: pid_t, _ place: @autoclosure () -> String) {
    if word &- lowest >= span { return }
    if let index = ranges.index(holding: word), hits[index] == nil {
      hits[index] = Hit(thread: thread, place: place())
    }
  }

  private static let pageSize = UInt64(sysconf(Int32(_SC_PAGESIZE)))
}
