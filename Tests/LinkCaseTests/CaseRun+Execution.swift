// Carries out one run: build, link, look at the output, run it.

import Glibc
import Synchronization

/// Whether any run failed; then the work directories are kept for a look.
private let anyFailed = Mutex(false)

extension CaseRun {
  /// Builds, links and checks this run.
  ///
  /// - Throws: `CaseFailure` with the commands and what they printed. The work directory is kept
  ///   then, and named.
  func execute() throws(CaseFailure) {
    let testBed = try TestBed.shared.get()
    let builder = try CaseBuilder(run: self, testBed: testBed)
    do throws(CaseFailure) {
      try execute(builder)
      removeTree(builder.workDirectory)
    } catch {
      anyFailed.withLock { $0 = true }
      throw CaseFailure("\(name): \(error.description)\nkept: \(builder.workDirectory)")
    }
  }

  private func execute(_ builder: CaseBuilder) throws(CaseFailure) {
    let inputs = try builder.prepareInputs()
    let linkWords = builder.linkCommand(inputs)
    let command = Command(
      words: linkWords + ["-o", builder.output], directory: builder.workDirectory,
      environment: builder.variables, timeout: builder.timeout)
    let result = try command.run()
    let transcript = "$ \(command.line)\n\(result.standardOutput)\(result.standardError)"

    // A driver reports a crash of the linker in words and exits with 1 itself.
    for sign in ["terminated with signal", "due to signal", "Fatal error:", "Stack dump:"]
    where result.standardError.contains(sign) {
      throw CaseFailure("the linker crashed: \(transcript)")
    }
    try checkDiagnostics(builder, result, transcript: transcript)
    guard result.succeeded else { return }
    guard fileExists(builder.output) else {
      throw CaseFailure("the linker claims success but made no output: \(transcript)")
    }

    try builder.requireSilence(result, of: "the output")
    try builder.checkStructure(builder.output)
    try runChecks(builder, linkWords: linkWords)
    try runProgram(builder)
  }

  private func checkDiagnostics(
    _ builder: CaseBuilder, _ result: CommandResult, transcript: String
  ) throws(CaseFailure) {
    let literal = builder.values("expect-error")
    let patterns = builder.values("expect-error~")
    let mustFail = !literal.isEmpty || !patterns.isEmpty
    if mustFail && result.succeeded {
      throw CaseFailure("the link should have failed: \(transcript)")
    }
    if !mustFail && !result.succeeded {
      throw CaseFailure("linking: \(result.summary)\n\(transcript)")
    }
    for text in literal + builder.values("expect-warning")
    where !result.standardError.contains(text) {
      throw CaseFailure("the linker should have said: \(text)\n\(transcript)")
    }
    for pattern in patterns where try !matches(pattern, result.standardError) {
      throw CaseFailure("the linker should have said: \(pattern)\n\(transcript)")
    }
    for text in builder.values("no-diagnostic") where result.standardError.contains(text) {
      throw CaseFailure("the linker should not have said: \(text)\n\(transcript)")
    }
    if mustFail && fileExists(builder.output) {
      throw CaseFailure("a failed link left an output behind: \(transcript)")
    }
  }

  private func runChecks(
    _ builder: CaseBuilder, linkWords: [String]
  ) throws(CaseFailure) {
    var variables = builder.variables
    variables["RELINK"] = linkWords.map(shellQuoted).joined(separator: " ")
    for directive in builder.directives("check") {
      // The shell replaces the variables itself.
      let check = CheckSpecification(directive.value)
      let result = try Command(
        words: ["sh", "-c", check.command], directory: builder.workDirectory,
        environment: variables, timeout: builder.timeout
      ).run()
      let printed = result.standardOutput + result.standardError
      let place = "line \(directive.line), \(directive.value)"
      if let pattern = check.pattern {
        let wanted = substituting(variables, in: pattern)
        if try matches(wanted, printed) != check.mustMatch {
          throw CaseFailure("\(place): \(result.summary)\n\(printed.prefix(20_000))")
        }
      } else if !result.succeeded {
        throw CaseFailure("\(place): \(result.summary)\n\(printed.prefix(20_000))")
      }
    }
  }

  private func runProgram(_ builder: CaseBuilder) throws(CaseFailure) {
    guard builder.directives("no-run").isEmpty else { return }
    var words = [builder.output]
    if kind == .shared { words.insert(try Host.program(builder.testBed), at: 0) }
    var environment = ["LD_LIBRARY_PATH": builder.workDirectory]
    for setting in builder.words("env") {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      environment[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }
    let command = Command(
      words: words + builder.words("run"), directory: builder.workDirectory,
      environment: environment, timeout: 30)
    let result = try command.run()
    let transcript = "$ \(command.line)\n\(result.standardOutput)\(result.standardError)"

    let wanted: CommandResult.End
    if let signal = builder.values("signal").last {
      wanted = .killed(signal: ["SEGV": SIGSEGV, "ABRT": SIGABRT, "TRAP": SIGTRAP][signal] ?? 0)
    } else {
      wanted = .exited(builder.values("exit").last.flatMap { Int32($0) } ?? 0)
    }
    guard result.end == wanted else {
      throw CaseFailure("running: \(result.summary)\n\(transcript)")
    }
    // Expected lines must come in their order, with anything between.
    var lines = result.standardOutput.split(separator: "\n").map { trimmed($0) }[...]
    for line in builder.values("stdout") {
      guard let index = lines.firstIndex(of: line) else {
        throw CaseFailure("the program should have printed: \(line)\n\(transcript)")
      }
      lines = lines[(index + 1)...]
    }
  }
}

/// The program that loads what the kind `shared` makes. The system's own linker links it.
private enum Host {
  private static let made = Mutex<String?>(nil)

  static func program(_ testBed: TestBed) throws(CaseFailure) -> String {
    let result = made.withLock { made -> Result<String, CaseFailure> in
      if let made { return .success(made) }
      let output = testBed.root + "/host"
      return Result { () throws(CaseFailure) in
        let compiled = try Command(
          words: [
            "gcc", "-O1", "-w", testBed.casesDirectory + "/host.c", "-o", output, "-ldl",
          ], directory: testBed.root
        ).run()
        guard compiled.succeeded else {
          throw CaseFailure("compiling host.c: \(compiled.standardError)")
        }
        made = output
        return output
      }
    }
    return try result.get()
  }
}

/// Leaves nothing behind if there is nothing to look at. Registered by the first suite that starts.
let removeTestBedAtExit: Void = {
  atexit {
    if case .success(let testBed) = TestBed.shared, !anyFailed.withLock({ $0 }) {
      removeTree(testBed.root)
    }
  }
}()
