public import Casework
public import Postgres

/// Why an office cannot be set up so.
public enum OfficeError: Error, Equatable, CustomStringConvertible {
    case badCode
    case regionTaken(String, by: String)

    public var description: String {
        switch self {
        case .badCode: "a code is one to twenty lower-case letters, digits or “_”, beginning with a letter"
        case .regionTaken(let region, let office): "\(region) belongs to the office \(office) already"
        }
    }
}

extension Connection {
    public func offices() throws -> [Office] {
        try all("SELECT code, name_zh, name_en, regions FROM office ORDER BY code") { row in
            Office(code: try row.read(), nameZh: try row.read(), nameEn: try row.read(), regions: try row.read())
        }
    }

    /// Sets up an office, or changes its names and regions; a region belongs to one office.
    ///
    /// - Throws: ``OfficeError``, or `PostgresError`.
    public func save(_ office: Office) throws {
        guard office.code.wholeMatch(of: /[a-z][a-z0-9_]{0,19}/) != nil else { throw OfficeError.badCode }
        for other in try offices() where other.code != office.code {
            if let region = office.regions.first(where: other.regions.contains) {
                throw OfficeError.regionTaken(region, by: other.code)
            }
        }
        try run(
            """
            INSERT INTO office (code, name_zh, name_en, regions)
            VALUES (\(office.code), \(office.nameZh), \(office.nameEn), \(office.regions))
            ON CONFLICT (code) DO UPDATE
            SET name_zh = excluded.name_zh, name_en = excluded.name_en, regions = excluded.regions
            """)
    }
}
