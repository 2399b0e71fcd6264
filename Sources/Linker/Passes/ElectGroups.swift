import ELFFormat
import Platform
import Synchronization

/// The first file that has a group keeps it: before sections are read, so that losers are never
/// looked at.
struct ElectGroups: UsesServices, ReadsInputs, ReadsContents {
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let contentStage: Reading<Contents>

  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ contents: Reading<Contents>
  ) {
    ElectGroups(serviceStage: services, inputStage: inputs, contentStage: contents).elect()
  }

  private func elect() {
    pool.forEach(chunks: liveObjects.count) { [self] i, _ in
      let file = objects.pointer(liveObjects[i])
      for group in file.pointee.firstGroup..<file.pointee.firstGroup + file.pointee.groupCount {
        atomicMax(groupClaims.base + groups[group].signature.int, groupClaim(group, in: file))
      }
    }
  }
}
