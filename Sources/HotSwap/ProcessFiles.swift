import Glibc
import Platform

/// What the kernel tells of a process in its directory of `/proc`. Source: proc(5).
///
/// Everything is asked of a thread, as the process' first thread may have ended before the others:
/// then the process' own entries are empty.
struct ProcessFiles: Sendable {
  let process: pid_t

  /// A whole file; nil if it cannot be read, which for a thread that has ended is usual.
  static func contents(_ path: String) -> [UInt8]? {
    guard let file = try? FileDescriptor.open(path, flags: O_RDONLY) else { return nil }
    defer { file.close() }
    var result: [UInt8] = []
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 8)
    defer { chunk.deallocate() }
    while true {
      guard
        let count = try? retrying({ read(file.raw, chunk.baseAddress, chunk.count) })
      else { return nil }
      if count == 0 { return result }
      result.append(contentsOf: chunk[..<count])
    }
  }

  static func text(_ path: String) -> String? {
    contents(path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The ids of all threads, those that have ended but are not yet forgotten included; empty if
  /// there is no such process.
  func threads() -> [pid_t] {
    guard let directory = opendir("/proc/\(process)/task") else { return [] }
    defer { closedir(directory) }
    var result: [pid_t] = []
    while let entry = readdir(directory) {
      // The numbers are read in place: this runs while the process is held.
      var number: pid_t = 0
      let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
      var digit = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: UInt8.self)
      while digit.pointee >= 0x30, digit.pointee <= 0x39 {
        number = number * 10 + pid_t(digit.pointee - 0x30)
        digit += 1
      }
      if number > 0 { result.append(number) }
    }
    return result
  }

  func path(_ thread: pid_t, _ name: String) -> String { "/proc/\(process)/task/\(thread)/\(name)" }

  /// The fields of a thread's `stat` file from the third on, its state being the first here: the
  /// second, its name, may hold anything.
  private func fields(of thread: pid_t) -> [Substring] {
    guard let text = Self.text(path(thread, "stat")), let end = text.lastIndex(of: ")") else {
      return []
    }
    return text[text.index(after: end)...].split(separator: " ")
  }

  /// The letter for a thread's state: R, S, D, T, t, Z, X; nil if there is no such thread.
  func state(of thread: pid_t) -> Character? { fields(of: thread).first?.first }

  /// Whether a thread has ended, or is beyond doing anything: on its way out it has let go of the
  /// process' memory, and is refused to tracers, before its end is told.
  func hasEnded(_ thread: pid_t) -> Bool { Self.hasEnded(fields(of: thread)) }

  /// Source: proc(5), `state` and `flags` of `stat`; Linux's `PF_EXITING`.
  private static func hasEnded(_ fields: [Substring]) -> Bool {
    guard fields.count > 6, let flags = UInt64(fields[6]) else { return true }
    return fields[0] == "Z" || fields[0] == "X" || flags & 4 != 0
  }

  /// Where the stack of the process' first thread begins; 0 if that is not told.
  var startOfStack: UInt64 {
    let fields = fields(of: process)
    return fields.count > 25 ? UInt64(fields[25]) ?? 0 : 0
  }

  /// How many threads the process has, with those on their way out; 0 if that is not told.
  var threadCount: Int {
    let fields = fields(of: process)
    return fields.count > 17 ? Int(fields[17]) ?? 0 : 0
  }

  /// When the process began, in clock ticks from the system's start; 0 if that is not told.
  var startTime: UInt64 {
    let fields = fields(of: process)
    return fields.count > 19 ? UInt64(fields[19]) ?? 0 : 0
  }

  /// How far a process is with executing its first program.
  enum Execution {
    /// It still has the memory of the process that started it, or not yet all of its own.
    case pending
    /// It may not be looked at, for now or for good.
    case hidden
    /// Its program is in its memory; or was, and its first thread has ended.
    case executed
  }

  /// Source: proc(5), `flags` and `startcode` of `stat`; Linux's `PF_FORKNOEXEC`, which is set by
  /// `fork` and its like, and taken away by `exec` once it has replaced the memory. Where the code
  /// begins is told after all segments, the interpreter's, too, and the arguments are in place; until
  /// then it is 0, and 1 for those who may not trace the process.
  var execution: Execution {
    let before = fields(of: process)
    if Self.hasEnded(before) { return .executed }
    if UInt64(before[6]).map({ $0 & 0x40 != 0 }) ?? false { return .pending }
    // The memory is looked up before the flags are: only the next answer is about the new one.
    let fields = fields(of: process)
    if Self.hasEnded(fields) { return .executed }
    switch fields.count > 23 ? UInt64(fields[23]) : nil {
    case nil, 1: return .hidden
    case 0: return .pending
    default: return .executed
    }
  }

  /// A thread that has not ended: the first one if possible.
  var liveThread: pid_t? {
    if !hasEnded(process) { return process }
    return threads().first { !hasEnded($0) }
  }

  /// Asks something of a thread that has not ended, and of another one if it ends meanwhile: on its way
  /// out a thread tells nothing any more.
  ///
  /// - Returns: nil if no thread is left.
  func ask<Answer, Failure>(
    _ question: (pid_t) throws(Failure) -> Answer
  ) throws(Failure) -> Answer? {
    while let thread = liveThread {
      do throws(Failure) {
        return try question(thread)
      } catch { if !hasEnded(thread) { throw error } }
    }
    return nil
  }

  /// The thread that traces another, 0 if none does.
  func tracer(of thread: pid_t) -> pid_t {
    guard let text = Self.text(path(thread, "status")) else { return 0 }
    for line in text.split(separator: "\n") where line.hasPrefix("TracerPid:") {
      return line.split(separator: "\t").last.flatMap { pid_t($0) } ?? 0
    }
    return 0
  }

  /// The user that a thread runs as.
  func user(of thread: pid_t) -> uid_t? {
    var status = stat()
    return stat(path(thread, "status"), &status) == 0 ? status.st_uid : nil
  }

  /// A thread in words: its id and name.
  func describe(_ thread: pid_t) -> String {
    let name = Self.text(path(thread, "comm"))?.split(separator: "\n").first
    return name.map { "thread \(thread) (\($0))" } ?? "thread \(thread)"
  }

  /// Where a thread waits in the kernel, as far as that is told.
  func waiting(_ thread: pid_t) -> String {
    let state = state(of: thread).map { String($0) } ?? "?"
    let place = Self.text(path(thread, "wchan")).flatMap { $0 == "0" || $0.isEmpty ? nil : $0 }
    return "state \(state)" + (place.map { ", in the kernel's \($0)" } ?? "")
  }
}
