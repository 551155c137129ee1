import Casework
import Testing

struct RedactionTests {
    @Test(arguments: [
        ("我叫张小禾，电话13812345678，请回电。", "我叫…，电话…，请回电。"),
        ("打 +86 138-1234-5678 或 a.b@example.cn", "打 … 或 …"),
        ("座机010-12345678，身份证11010519491231002X。", "座机…，身份证…。"),
        ("订单号640012345678，金额138元", "订单号640012345678，金额138元"),
    ])
    func `a story is passed on without who tells it`(text: String, told: String) {
        #expect(redacted(text, of: ["张小禾"]) == told)
    }
}
