import Foundation
import HTTPTypes
import Hummingbird

/// The contract itself: as the OpenAPI document, and as a page to read.
struct DocumentRoutes {
    let service: Service

    var routes: [Route] {
        // Made once: every answer sends the same bytes, however many are on their way.
        let contract = ByteBuffer(bytes: service.contract)
        let page = Result { ByteBuffer(string: try ContractPage(service.contract).html) }
        return [
            Route(.get, "/openapi.json", isBrief: true) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: MediaKind.json.contentType, .cacheControl: "max-age=300"],
                    body: .init(byteBuffer: contract))
            },
            Route(.get, "/docs", offers: [.html], isBrief: true) { _, _ in
                Response(
                    status: .ok,
                    headers: [.contentType: MediaKind.html.contentType, .cacheControl: "max-age=300"],
                    body: .init(byteBuffer: try page.get()))
            },
        ]
    }
}

extension HTTPField.Name {
    static let contentSecurityPolicy = Self("Content-Security-Policy").unsafelyUnwrapped
}
