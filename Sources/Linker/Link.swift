import ELFFormat
import Platform
import ScriptParsing
import Synchronization

/// One run of the linker: owner of every table.
///
/// Tables are flat, reached by 32-bit index, and held as `let`s whose storage never moves, so that
/// workers may read them freely. Who may write when is said with each pass in `Link+Run.swift`.
public final class Link: @unchecked Sendable {
  let services: Services
  let timer: PhaseTimer

  // MARK: Stages, in the order in which they become known

  var inputs = Inputs()
  var naming = Naming()
  var contents = Contents()
  var demands = Demands()
  var tables = LinkerTables()
  var layout = Layout()

  public convenience init(options: LinkOptions, diagnostics: Diagnostics) {
    self.init(options: options, diagnostics: diagnostics, output: nil)
  }

  /// - Parameter output: takes the output, in place of a file at `options.outputPath`.
  init(options: LinkOptions, diagnostics: Diagnostics, output: OutputBytes?) {
    services = Services(
      options: options, diagnostics: diagnostics, target: Self.outputTarget, output: output)
    naming.symbols.storage.preferLargePages()
    contents.frames.storage.preferLargePages()
    timer = PhaseTimer(isOn: options.printsStatistics || options.timeTrace != nil)
  }
}
