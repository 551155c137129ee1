// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "rectify",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "rectify", targets: ["rectify"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.2.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.30.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // Imports go one way: CPostgres ← Postgres ← Store; Casework ← Reports ← Store; Transparency ← Store; API and Client share Contract.
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(
            name: "Postgres", dependencies: ["CPostgres", collections, logging, subprocess, system],
            swiftSettings: settings),
        .target(name: "Casework", swiftSettings: settings),
        .target(name: "Reports", dependencies: ["Casework"], swiftSettings: settings),
        .target(name: "Transparency", dependencies: [crypto], swiftSettings: settings),
        .target(
            name: "Store",
            dependencies: [
                "Casework", "Reports", "Postgres", "Transparency", collections, crypto, cryptoExtras, logging,
            ],
            swiftSettings: settings),
        .target(name: "Contract", dependencies: ["Casework"], swiftSettings: settings),
        .target(
            name: "API",
            dependencies: [
                "Contract", "Casework", "Reports", "Store", "Postgres", "Transparency", collections, crypto, httpClient,
                httpTypes, hummingbird, hummingbirdCore, hummingbirdTLS, jwt, logging, nio, nioHTTP1, nioHTTPTypes,
                nioPosix,
                nioSSL,
            ],
            swiftSettings: settings),
        .target(
            name: "Client", dependencies: ["Contract", "Casework", crypto, httpClient, nio, nioHTTP1],
            swiftSettings: settings),
        .executableTarget(
            name: "rectify",
            dependencies: [
                "API", "Casework", "Client", "Contract", "Postgres", "Reports", "Store", "Transparency",
                arguments, configuration, crypto, hummingbird, hummingbirdCore, lifecycle, logging, nio, signals,
                subprocess, system,
                yams,
            ],
            swiftSettings: settings),

        .target(
            name: "TestSupport", dependencies: ["Casework", "Postgres", "Store", logging, subprocess, system],
            path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(
            name: "PostgresTests", dependencies: ["Postgres", "TestSupport", logging], swiftSettings: settings),
        .testTarget(
            name: "CaseworkTests", dependencies: ["Casework", "TestSupport"], exclude: ["Golden"],
            swiftSettings: settings),
        .testTarget(
            name: "ReportsTests", dependencies: ["Reports", "Casework", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "TransparencyTests", dependencies: ["Transparency"], swiftSettings: settings),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "Store", "Reports", "Casework", "Postgres", "Transparency", "TestSupport", crypto, subprocess, system,
            ],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "Client", "Contract", "Store", "Reports", "Casework", "Postgres", "Transparency", "TestSupport",
                crypto, httpClient, httpTypes, hummingbird, jwt, lifecycle, logging, nio, nioHTTP1, nioPosix, nioSSL,
                subprocess,
            ],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "rectify", "API", "Client", "Contract", "Casework", "TestSupport", httpClient, nio, nioHTTP1,
                subprocess, system,
            ],
            swiftSettings: settings),
        .testTarget(name: "TidyTests", dependencies: ["TestSupport"], swiftSettings: settings),
    ]
)
