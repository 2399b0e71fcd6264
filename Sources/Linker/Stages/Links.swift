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

/// Who knows where everything lies.
typealias ReadsLaidOutLink = ReadsUnplacedLink & ReadsTables & ReadsLayout

/// The stages that a machine looks at while it writes.
struct LaidOutLink: ReadsLaidOutLink {
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let contentStage: Reading<Contents>
  let demandStage: Reading<Demands>
  let tableStage: Reading<LinkerTables>
  let layoutStage: Reading<Layout>
}
