import Casework

extension ObjectReader {
    /// Name, telephone number and mail address; a fault of one does not repeat it.
    func identity() -> Identity {
        Identity(name: text("name", limit: FilingReader.Limit.name), phone: phone(), email: email())
    }

    /// A telephone number, as it was written.
    func phone() -> String? {
        guard let phone = text("phone", limit: 40, isProse: true) else { return nil }
        if SpreadsheetCell(phone).isPowerOfTen {
            let lost = "was written as a power of ten, so that its digits are lost"
            fault("phone", "bad_phone", lost + "; format the column as text and fill it in again")
        } else if !phone.isBlank, Telephone(phone) == nil {
            let forms = "13800000000, 010-12345678 or +852 5123 4567"
            fault("phone", "bad_phone", "is not one telephone number with its area code, such as \(forms)")
        }
        return phone
    }

    /// A mail address, as it was written.
    func email() -> String? {
        guard let email = text("email", limit: 254, isProse: true) else { return nil }
        if !email.isBlank, MailAddress(email) == nil {
            fault("email", "bad_email", "is not one mail address, such as name@example.cn")
        }
        return email
    }

    /// A region by its code or name, as its code.
    ///
    /// - Parameter countries: Those whose regions may be named; any where left out.
    /// - Returns: The code; `nil` where nothing is given, or what is given has a fault.
    func region(of countries: [String]? = nil) -> String? {
        guard let text = text("region", limit: 60), !text.isBlank else { return nil }
        let region = Region(text, of: countries)
        if region == nil {
            fault("region", "bad_region", "is no region here; give its code (ISO 3166-2), such as CN-GD, or its name")
        }
        return region?.description
    }
}
