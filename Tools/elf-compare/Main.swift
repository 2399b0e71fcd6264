import ELFComparison
import Glibc
import Platform

/// `elf-compare A B` compares two linked files by meaning; `elf-compare --check FILE` verifies
/// one. Exit status as `diff`: 0 nothing found, 1 something found, 2 trouble.
@main
struct Main {
  static func main() {
    var options = CommandLineOptions()
    do { try options.parse(Array(CommandLine.arguments.dropFirst())) } catch {
      try? FileDescriptor.standardError.write("elf-compare: \(error)\n")
      exit(2)
    }
    if options.wantsHelp {
      StandardOutput.print(CommandLineOptions.help)
      exit(0)
    }
    do {
      var total = 0
      if options.isCheck {
        for path in options.paths {
          let findings = try check(path: path, ignoring: options.ignored)
          report(findings, of: path, options)
          total += findings.total
        }
      } else {
        let findings = try compare(options.paths[0], options.paths[1], options.comparison)
        report(findings, of: "\(options.paths[0]) and \(options.paths[1])", options)
        total = findings.total
      }
      if let error = StandardOutput.failure { throw error }
      exit(total == 0 ? 0 : 1)
    } catch {
      try? FileDescriptor.standardError.write("elf-compare: \(error)\n")
      exit(2)
    }
  }

  private static func report(
    _ findings: Findings, of subject: String, _ options: CommandLineOptions
  ) {
    if options.isJSON {
      StandardOutput.print(findings.json(subject: subject))
      return
    }
    if findings.isEmpty { return }
    var text = subject + ":\n"
    for finding in findings.list { text += "  \(finding)\n" }
    for aspect in Aspect.allCases {
      if let count = findings.dropped[aspect] { text += "  \(aspect.rawValue): \(count) more\n" }
    }
    StandardOutput.print(text)
  }
}
