import Glibc
import LinkerCLI
import Platform

@main
struct Main {
  static func main() {
    AllocationFailure.watch()
    // Only what the linker asks for: making a dictionary of everything costs more than parsing.
    var environment: [String: String] = [:]
    for name in ["LD_RUN_PATH"] {
      if let value = getenv(name) { environment[name] = String(cString: value) }
    }
    let status = runLinker(
      arguments: Array(CommandLine.arguments.dropFirst()), environment: environment)
    // Nothing is freed: the process ends here.
    _exit(status)
  }
}
