import Casework
import Foundation
import TestSupport
import Testing

/// What apps add to an address when it is shared, and what makes the page.
struct LinkRuleTests {
    private func link(_ text: String) -> SharedLink {
        SharedLink(text, in: .shipped, excluding: nil, on: .on("2026-11-30"))
    }

    @Test(
        "What tells who shared a page is in no key, and of two pages each has its own",
        arguments: [
            (
                "item.taobao.com/item.htm", "id=7",
                "suid=X&un=X&ut_sk=1.X.Copy.1&sp_tk=X&bxsign=X&wxsign=X&tk=X&shareUniqueId=X"
            ),
            (
                "item.taobao.com/item.htm", "id=7&skuId=8",
                "spm=X&price=X&sourceType=item&tbSocialPopKey=shareItem&un_site=X&app=X"
            ),
            (
                "detail.tmall.com/item.htm", "id=7",
                "user_number_id=X&activity_id=X&scm=X&pid=mm_X&ali_trackid=X&mi_id=X&xxc=X"
            ),
            ("store.taobao.com/shop/view_shop.htm", "user_number_id=7", "ut_sk=X&shareurl=true&short_name=X"),
            ("h5.m.goofish.com/item", "id=7", "ut_sk=X&forceFlush=1&suid=X&un=X"),
            (
                "item.m.jd.com/product/7.html", nil,
                "gx=X&gxd=X&ad_od=share&utm_user=X&jkl=X&PTAG=X&_ts=X&sid=X&jxsid=X&cu=true"
            ),
            (
                "mobile.yangkeduo.com/goods.html", "goods_id=7",
                "share_uin=X&refer_share_uid=X&refer_share_id=X&_x_share_id=X&uin=X"
            ),
            (
                "mobile.yangkeduo.com/goods2.html", "goods_id=7",
                "pxq_secret_key=X&_oak_share_time=X&_wv=X&page_from=X&share_uid=X"
            ),
            (
                "www.iesdouyin.com/share/video/7/", "region=CN",
                "u_code=X&did=X&iid=X&mid=X&from_aid=X&share_sign=X&ts=X&with_sec_did=1"
            ),
            ("www.douyin.com/discover", "modal_id=7", "previous_page=X&enter_from=X&enter_method=X"),
            (
                "www.tiktok.com/@a/video/7", nil,
                "_t=X&_r=1&u_code=X&sec_user_id=X&share_iid=X&sender_device=X&is_copy_url=1&web_id=X"
            ),
            (
                "m.toutiao.com/i7/", nil,
                "iid=X&req_id_new=X&share_token=X&tt_from=X&wxshare_count=X&timestamp=X&share_uid=X"
            ),
            (
                "v.m.chenzhongtech.com/fw/photo/7", "fid=1",
                "cc=X&shareToken=X&shareId=X&efid=X&userId=X&originShareId=X&et=X"
            ),
            (
                "www.bilibili.com/video/BV7", "p=2&t=3",
                "vd_source=X&share_session_id=X&mid=X&buvid=X&unique_k=X&up_id=X&spmid=X"
            ),
            ("space.bilibili.com/h5/follow", "mid=7", "share_medium=X&unique_k=X&vd_source=X&from=X"),
            (
                "www.xiaohongshu.com/explore/7", nil,
                "xsec_token=X&shareRedId=X&apptime=X&appuid=X&share_id=X&xhsshare=X&type=video"
            ),
            ("m.weibo.cn/p/index", "containerid=7", "luicode=X&lfid=X&wm=X&weibo_id=X&sudaref=X&featurecode=X"),
            ("www.zhihu.com/question/7", nil, "share_code=X&utm_oi=X&utm_psn=X&zhid=X&hybrid_search_source=X&s_r=X"),
            (
                "mp.weixin.qq.com/s", "__biz=a==&idx=1&mid=2&sn=c",
                "chksm=X&mpshare=1&scene=X&srcid=X&sharer_sharetime=X&key=X&uin=X"
            ),
            (
                "mp.weixin.qq.com/s", "__biz=a==&idx=1&mid=2&sn=c",
                "exportkey=X&pass_ticket=X&devicetype=X&clicktime=X&enterid=X"
            ),
            (
                "mp.weixin.qq.com/s/7", nil,
                "sharer_shareinfo=X&sharer_shareinfo_first=X&from=singlemessage&poc_token=X&nsukey=X"
            ),
            ("i.y.qq.com/v8/playsong.html", "songmid=7", "hosteuin=X&ADTAG=X&appshare=X&_wv=1&uin=X"),
            ("v.qq.com/x/page/7.html", "vid=7", "ptag=X&pcsharecode=X&share_from=X&second_share=1&url_from=X"),
            ("docs.qq.com/doc/D7", "tab=7", "u=X&scene=X&_t=X&dver=X"),
            ("tieba.baidu.com/p/7", "see_lz=1", "share=X&fr=X&unique=X&st=X&client_version=X&client_type=X&sfc=X"),
            ("pan.baidu.com/share/link", "shareid=7&uk=8", "from=X&share_from=X"),
            ("m.dianping.com/shopinfo/7", "cityid=7", "msource=X&utm_source=X&shareid=X&userid=X&token=X&lat=X&lng=X"),
            ("m.ctrip.com/html5/7", "hotelid=7", "sid=X&allianceid=X&ouid=X&shareSource=X&popup=1"),
            ("example.feishu.cn/wiki/7", "from=from_copylink", "share_token=X&sharer=X&utm_source=X"),
            ("alidocs.dingtalk.com/i/nodes/7", nil, "corpId=X&utm_scene=X&iframeQuery=X&dontjump=true"),
            ("y.music.163.com/m/song", "id=7", "userid=X&uct2=X&fx-wechatnew=t1&dlt=X&app_version=X&creatorId=X"),
            ("music.163.com/#/song", "id=7", "userid=X&sc=wm&tn=X"),
            ("www.iqiyi.com/v_7.html", nil, "vfm=X&social_platform=X&p1=X&share_sTime=X&_frd=X&src=X"),
            ("v.youku.com/v_show/id_7.html", nil, "sharekey=X&sharefrom=X&tpa=X&spm=X&scm=X"),
            ("render.alipay.com/p/s/i/", "appId=7", "chInfo=X&shareId=X&userId=X&enbsv=X"),
            (
                "blog.csdn.net/a/article/details/7", nil,
                "ops_request_misc=X&request_id=X&biz_id=X&depth_1-utm_source=X&spm=X"
            ),
            ("www.douban.com/doubanapp/dispatch", "uri=7", "dt_dapp=X&_spm_id=X&_i=X&dt_platform=X&bid=X"),
            ("c.m.163.com/news/a/7.html", nil, "spss=X&spsnuid=X&spsdevid=X&spsvid=X&spsshare=X&spsts=X&spstoken=X"),
            (
                "shop.invented.example/g", "id=7&v=2",
                "shareUserId=X&inviter_id=X&utm_id=X&gclid=X&fromuid=X&from=timeline&isappinstalled=0"
            ),
            (
                "shop.invented.example/g", "from_city=7&trackid=9&trackno=8",
                "TRACKING_ID=X&%75tm_source=X&openid=X&PHPSESSID=X"
            ),
        ] as [(String, String?, String)])
    func keys(place: String, page: String?, added: String) {
        let bare = "https://\(place)\(page.map { "?\($0)" } ?? "")"
        let shared = "https://\(place)?\(added.replacing("X", with: "inventedX1"))\(page.map { "&\($0)" } ?? "")"
        #expect(link(bare).address == bare)
        #expect(link(shared).page == link(bare).page)
        if page != nil {
            #expect(link(bare.replacing("7", with: "77").replacing("c", with: "d")).page != link(bare).page)
        }
    }

    @Test func `scheme and the web's own ports make no other page`() {
        let pages = ["http://a.cn/x", "https://a.cn/x", "http://a.cn:80/x", "https://a.cn:443/x", "HTTP://A.CN./x"]
        #expect(Set(pages.map { link($0).page }) == ["://a.cn/x"])
        #expect(link("http://a.cn:8080/x").page == "://a.cn:8080/x")
    }

    @Test(arguments: [
        (#"{"code": "a", "dropped": ["u*m"]}"#, "#/link_parameters/0/dropped/0", "bad_name"),
        (#"{"code": "a", "dropped": ["*"]}"#, "#/link_parameters/0/dropped/0", "bad_name"),
        (#"{"code": "a", "kept": ["分享"], "dropped": []}"#, "#/link_parameters/0/kept/0", "bad_name"),
        (#"{"code": "a", "places": ["A.CN/x"], "dropped": ["b"]}"#, "#/link_parameters/0/places/0", "bad_host"),
        (#"{"code": "a", "places": ["a.cn"]}"#, "#/link_parameters/0/dropped", "missing"),
        (#"{"dropped": ["b"]}"#, "#/link_parameters/0/code", "missing"),
        (#"{"code": "a", "dropped": ["b"]}, {"code": "a", "dropped": ["c"]}"#, "#/link_parameters/1/code", "duplicate"),
        (
            #"{"code": "a", "places": ["a.cn"], "dropped": ["b"]}, {"code": "b", "places": ["a.cn"], "kept": ["c"]}"#,
            "#/link_parameters/1/places/0", "duplicate"
        ),
    ])
    func `a rule that says nothing, or two things, is refused with its place`(
        rules: String, place: String, code: String
    ) throws {
        let file = try JSON(parsing: Data(#"{"link_parameters": [\#(rules)]}"#.utf8))
        let refusal = #expect(throws: InvalidDocument.self) {
            _ = try ReferenceFile.items(in: file, knowing: ReferenceData())
        }
        #expect(refusal?.faults.contains { $0.pointer == place && $0.code == code } == true, "\(refusal?.faults ?? [])")
    }

    @Test(
        arguments: [
            ("www.aliyun.com", nil, "alibaba"), ("www.jd.hk", "jd", "jd"), ("item.360buy.com", "jd", "jd"),
            ("www.jingxi.com", nil, "jd"), ("sj.qq.com", nil, "tencent"), ("a.app.myapp.com", nil, "tencent"),
            ("www.kuaishou.cn", "kuaishou", "kuaishou"), ("www.baidu.com.cn", "baidu", "baidu"),
        ] as [(String, String?, String)])
    func `hosts of the large platforms are known`(host: String, platform: String?, company: String) {
        let found = link("https://\(host)/x")
        #expect(found.platform == platform && found.company == company)
    }
}
