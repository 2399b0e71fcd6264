import ELFFormat
import Platform
import ScriptParsing
import Synchronization

/// One run of the linker: owner of every table.
///
/// Tables are flat, reached by 32-bit index, and held as `let`s whose storage never moves, so that
/// workers may read them freely. Who may write when is said with each pass in `Link+Run.swift`.
public final class Link: @unchecked Sendable {
  private let ownServices: Changing<Services>
  let timer: PhaseTimer

  // MARK: Stages, in the order in which they become known

  let changingInputs = Changing(Inputs())
  let changingNaming = Changing(Naming())
  let changingContents = Changing(Contents())
  let changingDemands = Changing(Demands())
  let changingTables = Changing(LinkerTables())
  let changingLayout = Changing(Layout())

  public convenience init(options: LinkOptions, diagnostics: Diagnostics) {
    self.init(options: options, diagnostics: diagnostics, output: nil)
  }

  /// - Parameter output: takes the output, in place of a file at `options.outputPath`.
  init(
    options: LinkOptions, diagnostics: Diagnostics, output: OutputBytes?,
    target: any Target.Type = Link.outputTarget
  ) {
    ownServices = Changing(
      Services(options: options, diagnostics: diagnostics, target: target, output: output))
    timer = PhaseTimer(isOn: options.printsStatistics || options.timeTrace != nil)
    naming.symbols.storage.preferLargePages()
    contents.frames.storage.preferLargePages()
  }

  /// The stages that the scan of relocations leaves behind.
  var unplaced: UnplacedLink {
    UnplacedLink(
      serviceStage: serviceStage, inputStage: inputStage, namingStage: namingStage,
      contentStage: contentStage, demandStage: demandStage)
  }

  /// All stages, for who reads them when the link is done.
  var laidOut: LaidOutLink {
    LaidOutLink(unplaced: unplaced, tableStage: tableStage, layoutStage: layoutStage)
  }

  var serviceStage: Reading<Services> { ownServices.reading }

  deinit {
    changingLayout.deallocate()
    changingTables.deallocate()
    changingDemands.deallocate()
    changingContents.deallocate()
    changingNaming.deallocate()
    changingInputs.deallocate()
    ownServices.deallocate()
  }
}

extension Link: UsesServices, ChangesInputs, ChangesNaming, ChangesContents, ChangesDemands,
  ChangesTables, ChangesLayout
{}
