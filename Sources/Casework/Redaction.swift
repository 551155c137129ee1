/// What people write of themselves in a story they tell, taken out before others read it.
///
/// It finds the forms in which telephone numbers, identity numbers and mail addresses are written in China, and the names
/// and addresses it is given. A name it is not given it cannot know: whoever forwards a story should have read it.
public func redacted(_ text: String, of known: [String]) -> String {
    var text = text.without(known)
    text = text.replacing(/[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}/, with: "…")
    text = text.replacing(/(^|[^0-9])[1-9][0-9]{5}(19|20)[0-9]{9}[0-9Xx]/) { match in match.output.1 + "…" }
    text = text.replacing(/(^|[^0-9])(\+?86[\- ]?)?1[3-9][0-9][\- ]?[0-9]{4}[\- ]?[0-9]{4}/) { match in
        match.output.1 + "…"
    }
    return text.replacing(/(^|[^0-9])0[0-9]{2,3}[\- ]?[0-9]{7,8}/) { match in match.output.1 + "…" }
}

extension String {
    /// With an ellipsis in the place of each of the words; what is shorter than two characters may be anything, and stays.
    public func without(_ words: [String]) -> String {
        var text = self
        for word in words.sorted(by: { $0.count > $1.count }) where word.count >= 2 {
            text = text.replacing(word, with: "…")
        }
        return text
    }
}
