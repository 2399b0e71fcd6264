// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "tern",
  products: [
    .executable(name: "tern", targets: ["tern"]),
    .library(name: "TernCompiler", targets: ["TernCompiler"]),
  ],
  dependencies: [.package(name: "weld", path: "../..")],
  targets: [
    .target(
      name: "TernCompiler", dependencies: [.product(name: "Weld", package: "weld")],
      swiftSettings: settings),
    .executableTarget(name: "tern", dependencies: ["TernCompiler"], swiftSettings: settings),
    .testTarget(
      name: "TernTests",
      dependencies: ["TernCompiler", "tern", .product(name: "Weld", package: "weld")],
      exclude: ["Programs"], swiftSettings: settings),
  ]
)
