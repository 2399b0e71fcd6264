// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

/// The hot module is built with whole-package inlining of the format layer's accessors, and without
/// the run time's checks that no two accesses to a variable overlap: debug builds, in which the tests
/// run, have them.
let hotSettings: [SwiftSetting] =
  settings + [
    .unsafeFlags(
      ["-cross-module-optimization", "-enforce-exclusivity=unchecked"],
      .when(configuration: .release))
  ]

let package = Package(
  name: "weld",
  products: [
    .executable(name: "weld", targets: ["weld"]),
    .executable(name: "elf-compare", targets: ["elf-compare"]),
    .library(name: "Weld", targets: ["Weld"]),
    // The C interface. `make install` gives these their names: the executable's product is "weld".
    .library(name: "weld-shared", type: .dynamic, targets: ["CWeld"]),
    .library(name: "weld-static", type: .static, targets: ["CWeld"]),
  ],
  targets: [
    .systemLibrary(
      name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CZstd", path: "Sources/CZstd", pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(
      name: "CXXHash", path: "Sources/CXXHash", pkgConfig: "libxxhash",
      providers: [.apt(["libxxhash-dev"])]),
    // Compiles the header of libxxhash for newer processors.
    .target(name: "CXXHashVector", dependencies: ["CXXHash"]),
    .systemLibrary(
      name: "CMessageDigest", path: "Sources/CMessageDigest", pkgConfig: "libmd",
      providers: [.apt(["libmd-dev"])]),
    .target(name: "CSystem", linkerSettings: [.linkedLibrary("stdc++")]),
    .target(name: "ELFFormat", swiftSettings: settings),
    .target(name: "Platform", dependencies: ["CSystem"], swiftSettings: settings),
    .target(name: "ScriptParsing", dependencies: ["Platform"], swiftSettings: settings),
    .target(
      name: "Symbolication", dependencies: ["CSystem", "Platform"], swiftSettings: settings),
    .target(
      name: "Linker",
      dependencies: [
        "CSystem", "ELFFormat", "Platform", "ScriptParsing", "Symbolication", "CZlib", "CZstd",
        "CXXHashVector", "CMessageDigest",
      ],
      swiftSettings: hotSettings),
    .target(
      name: "HotSwap", dependencies: ["CSystem", "Linker", "Platform"], swiftSettings: settings),
    .target(name: "Weld", dependencies: ["HotSwap", "Linker"], swiftSettings: settings),
    .systemLibrary(name: "CWeldHeader", path: "Sources/CWeldHeader"),
    .target(
      name: "CWeld", dependencies: ["CWeldHeader", "HotSwap", "Weld"], exclude: ["weld.map"],
      swiftSettings: settings,
      linkerSettings: [
        // The shared library brings the Swift runtime along and hides it, so that what uses it
        // needs none, or has another.
        .unsafeFlags([
          "-static-stdlib", "-Xlinker", "-soname=libweld.so.0", "-Xlinker",
          "--version-script=\(Context.packageDirectory)/Sources/CWeld/weld.map",
        ])
      ]),
    // The program of docs/embedding.md.
    .executableTarget(
      name: "embedding", dependencies: ["Weld"], path: "Examples/embedding",
      swiftSettings: settings),
    .executableTarget(
      name: "image-benchmark", dependencies: ["Weld"], path: "Benchmarks/images",
      swiftSettings: settings),
    .target(
      name: "LinkerCLI", dependencies: ["Linker", "Platform"], swiftSettings: settings),
    .executableTarget(
      name: "weld", dependencies: ["LinkerCLI", "Linker", "Platform"], swiftSettings: settings,
      linkerSettings: [
        .unsafeFlags(["-static-executable"], .when(configuration: .release))
      ]),
    .target(
      name: "ELFComparison", dependencies: ["Platform"], path: "Tools/ELFComparison",
      swiftSettings: settings),
    .executableTarget(
      name: "elf-compare", dependencies: ["ELFComparison", "Platform"], path: "Tools/elf-compare",
      swiftSettings: settings),
    .target(name: "TestSupport", path: "Tests/Support", swiftSettings: settings),
    .testTarget(
      name: "UnitTests",
      dependencies: [
        "ELFFormat", "Platform", "ScriptParsing", "Symbolication", "Linker", "LinkerCLI", "CXXHash",
        "CXXHashVector", "TestSupport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ImageTests",
      dependencies: [
        "Weld", "embedding", "Linker", "ELFFormat", "Platform", "CSystem", "TestSupport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ElfCompareTests", dependencies: ["ELFComparison", "Platform", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "LinkCaseTests", dependencies: ["LinkerCLI", "TestSupport"], swiftSettings: settings),
    // A process apart that attaches to another one, for tests that end it or take its rights away.
    .executableTarget(
      name: "hot-swap-probe", dependencies: ["HotSwap", "Linker"], path: "Tests/HotSwapProbe",
      swiftSettings: settings),
    .testTarget(
      name: "HotSwapTests", dependencies: ["HotSwap", "hot-swap-probe", "Linker"],
      exclude: ["Programs"], swiftSettings: settings),
    .testTarget(
      name: "SourceTreeTests", dependencies: ["ELFFormat", "Linker", "TestSupport"],
      swiftSettings: settings),
  ]
)
