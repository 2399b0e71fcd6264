/// Who decides by demands, during the scan and afterwards.
typealias ReadsUnplacedLink = UsesServices & ReadsInputs & ReadsNaming & ReadsContents
  & ReadsDemands

/// The stages that a machine looks at while it scans.
struct UnplacedLink: ReadsUnplacedLink {
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let contentStage: Reading<Contents>
  let demandStage: Reading<Demands>
}

/// Passes that come after the scan.
protocol FollowsScan: ReadsUnplacedLink {
  var unplaced: UnplacedLink { get }
}

extension FollowsScan {
  @inline(__always) var serviceStage: Reading<Services> { unplaced.serviceStage }
  @inline(__always) var inputStage: Reading<Inputs> { unplaced.inputStage }
  @inline(__always) var namingStage: Reading<Naming> { unplaced.namingStage }
  @inline(__always) var contentStage: Reading<Contents> { unplaced.contentStage }
  @inline(__always) var demandStage: Reading<Demands> { unplaced.demandStage }
}

/// Who knows where everything lies.
typealias ReadsLaidOutLink = ReadsUnplacedLink & ReadsTables & ReadsLayout

/// The stages that a machine looks at while it writes.
struct LaidOutLink: FollowsScan, ReadsTables, ReadsLayout {
  let unplaced: UnplacedLink
  let tableStage: Reading<LinkerTables>
  let layoutStage: Reading<Layout>
}
