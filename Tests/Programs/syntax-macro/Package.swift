// swift-tools-version: 6.1
import CompilerPluginSupport
import PackageDescription

// The linked programs are a compiler plugin with all of swift-syntax in it, which the compiler runs
// while it builds the second one, and a program that uses the plugin's macro.
let package = Package(
  name: "syntax-macro",
  dependencies: [
    .package(url: "https://github.com/swiftlang/swift-syntax", exact: "603.0.1")
  ],
  targets: [
    .macro(
      name: "Macros",
      dependencies: [
        .product(name: "SwiftCompilerPlugin", package: "swift-syntax"),
        .product(name: "SwiftParser", package: "swift-syntax"),
        .product(name: "SwiftSyntax", package: "swift-syntax"),
        .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
      ]),
    .executableTarget(name: "answer", dependencies: ["Macros"]),
  ]
)
