import CPostgres

/// A result of libpq, freed when it goes out of scope, on every path.
struct QueryResult: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQclear(pointer)
    }

    var status: ExecStatusType { PQresultStatus(pointer) }
    var count: Int32 { PQntuples(pointer) }
    /// What the server calls the statement it has run, such as `COMMIT`.
    var tag: String { String(cString: PQcmdStatus(pointer)) }
    var rowsAffected: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// What the server refused, when it did.
    var error: ServerError? {
        switch status {
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR, PGRES_PIPELINE_ABORTED:
            ServerError(
                state: field("C") ?? "XX000", message: field("M") ?? "no message", detail: field("D"),
                constraint: field("n"))
        default: nil
        }
    }

    /// One field of an error, by the letter that the protocol gives it.
    private func field(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(pointer, Int32(code.value)).map { String(cString: $0) }
    }
}
