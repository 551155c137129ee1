import CPostgres

/// What a connection string says, as variables of the environment, which PostgreSQL's own programs read too.
///
/// Arguments could be read by everyone on the machine, and a connection string may hold a password.
///
/// - Parameter conninfo: A libpq connection string or URL.
/// - Returns: `PGHOST` and the like.
/// - Throws: ``PostgresError`` where libpq does not understand it.
func environment(of conninfo: String) throws(PostgresError) -> [String: String] {
    var message: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(conninfo, &message) else {
        defer { PQfreemem(message) }
        throw .connectionLost(message.map { String(cString: $0).trimmed } ?? "the connection string cannot be read")
    }
    defer { PQconninfoFree(options) }
    var variables: [String: String] = [:]
    var option = options
    while option.pointee.keyword != nil {
        if let name = option.pointee.envvar, let value = option.pointee.val {
            variables[String(cString: name)] = String(cString: value)
        }
        option += 1
    }
    return variables
}
