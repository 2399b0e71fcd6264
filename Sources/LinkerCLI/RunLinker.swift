import Glibc
import Linker
import Platform

/// The linker as a program: arguments in, exit status out.
///
/// - Returns: 0, or 1 if something was reported as an error.
public func runLinker(arguments: [String], environment: [String: String]) -> Int32 {
  let status = link(arguments: arguments, environment: environment)
  guard let failure = StandardOutput.failure else { return status }
  report(["cannot write to standard output: \(failure)"])
  return 1
}

private func report(_ errors: [String]) {
  let diagnostics = Diagnostics(options: LinkOptions())
  for error in errors { diagnostics.error(error) }
  diagnostics.flush()
}

private func link(arguments: [String], environment: [String: String]) -> Int32 {
  let parsed = CommandLineParser.parse(
    arguments, readFile: readWholeFile, environment: environment)
  switch parsed {
  case .print(let text):
    StandardOutput.print(text)
    return 0
  case .failure(let errors):
    report(errors)
    return 1
  case .link(let options, let warnings):
    if options.printsVersion {
      StandardOutput.print(CommandLineParser.versionText + "\n")
    }
    // The process ends with the link: freeing the words of a long line would be for nothing.
    _ = Unmanaged.passRetained(KeptOptions(options))
    let diagnostics = Diagnostics(options: options)
    for warning in warnings { diagnostics.warning(warning) }
    do {
      try Link.run(options, diagnostics: diagnostics)
    } catch {
      return 1
    }
    return diagnostics.hasErrors ? 1 : 0
  }
}

private final class KeptOptions {
  private let options: LinkOptions
  init(_ options: LinkOptions) { self.options = options }
}

private func readWholeFile(_ path: String) -> Result<MappedInput, Errno> {
  do throws(Errno) {
    return .success(try MappedInput(path: path))
  } catch {
    return .failure(error)
  }
}
