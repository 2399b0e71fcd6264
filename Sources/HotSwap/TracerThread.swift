import CSystem
import Glibc

/// A thread that traces another process, and ends with that.
///
/// The kernel takes ptrace calls for a process only from the very thread that attached to it, and
/// when that thread ends it lets all that it traced go: threads that stand in a stop run on, and
/// requests to stop that were not yet obeyed are forgotten. So each attempt at a swap runs on a
/// thread of its own. Callers may call from any thread, and whatever happens on the way, even an
/// attempt given up because a thread would not stop, nothing stays stopped or traced.
enum TracerThread {
  private final class Job {
    var work: (() -> Void)?
    var thread: pid_t = 0
  }

  /// Runs `body` on such a thread, and waits until the kernel has let go of what it traced.
  ///
  /// - Throws: what `body` throws; `SwapError.Code.system` if there is no thread to be had.
  static func run<Value>(
    _ body: @escaping () throws(SwapError) -> Value
  ) throws(SwapError) -> Value {
    var result: Result<Value, SwapError>?
    let job = Job()
    job.work = {
      do throws(SwapError) {
        result = .success(try body())
      } catch { result = .failure(error) }
    }

    // No handler of this process' own runs on the tracer thread.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    let context = Unmanaged.passRetained(job)
    var handle = pthread_t()
    let status = pthread_create(
      &handle, nil,
      { context in
        guard let context else { return nil }
        let job = Unmanaged<Job>.fromOpaque(context).takeRetainedValue()
        job.thread = weld_thread_id()
        weld_hurry()
        job.work?()
        return nil
      }, context.toOpaque())
    pthread_sigmask(SIG_SETMASK, &before, nil)
    guard status == 0 else {
      context.release()
      throw SwapError(
        .system, "cannot start a thread to trace with: \(String(cString: strerror(status)))")
    }
    pthread_join(handle, nil)
    // A thread counts as joined before the kernel has detached what it traced.
    while weld_thread_check(getpid(), job.thread) == 0 { sched_yield() }
    job.work = nil
    guard let result else { throw SwapError(.system, "the tracer thread ended early") }
    return try result.get()
  }
}
