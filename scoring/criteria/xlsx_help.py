"""The instructions inside the workbook: (head, text) a row; a row without text is a section."""

from __future__ import annotations

from scoring.criteria import rule_words

_EXAMPLES = {
    "boolean": "Đạt = 0,5\nKhông đạt = 0",
    "choice": "Kịp thời = 0,5\nKhông kịp thời = 0,25\nKhông ban hành = 0\n"
    "(một phương án có thể là khoảng: Có sáng kiến = 0,5 đến 2 bước 0,5; "
    "hoặc kéo theo hậu quả: Báo cáo sai = 0 [toàn tiêu chí 0 điểm])",
    "checklist": "Không ghi điểm: phải đủ mọi yêu cầu mới được điểm tối đa.\nCó kế hoạch\nCó kinh phí\n"
    "Ghi điểm: cộng điểm của các yêu cầu đạt.\nCó kế hoạch = 0,5\nCó kinh phí = 0,5",
    "tiers": "Giá trị = tỷ lệ % nhiệm vụ hoàn thành\ntrên 90 = 2\ntừ 70 đến 90 = 1\ndưới 70 = 0\n"
    "(cũng viết được: > 90, >= 70, đến dưới 90, 30 trở lên, đúng 0; thêm “Loại giá trị = số lượng”, “Nhỏ nhất = 0”, "
    "“Lớn nhất = 10” khi không phải tỷ lệ %; “Ngoại lệ (từ 60): có văn bản đôn đốc = 1,5”)",
    "proportion": "Tử số = số hồ sơ đúng hạn\nMẫu số = số hồ sơ đã giải quyết\nĐiểm = 6\n"
    "Khi mẫu số bằng 0 = không áp dụng\n(có thể thêm: Mục tiêu % = 80; 0 điểm nếu dưới % = 70)",
    "count": "Mỗi = sáng kiến được công nhận\nĐược = 0,5\nNhiều nhất = 2",
    "deduction": "Bắt đầu = 1\nThấp nhất = 0\nMỗi = báo cáo gửi trễ\nTrừ = 0,25\n"
    "(nhiều loại: mỗi loại một dòng, ví dụ báo cáo gửi trễ = 0,25)",
    "survey": "Điểm = 4\nRất hài lòng = 100\nHài lòng = 80\nKhông hài lòng = 0\n"
    "(hoặc chỉ nhận trung bình: Tỷ lệ trung bình = có)",
    "external_index": "Chỉ số = SIPAS\nĐiểm = 10\n(hoặc: Tính theo = thứ hạng, rồi từng khoảng như “đến 10 = 2”)",
    "ratio_to_best": "Giá trị = số dịch vụ toàn trình\nĐiểm = 2",
    "target_and_leader": "Giá trị = tỷ lệ hồ sơ trực tuyến\nĐiểm = 2\nMục tiêu = 50\nDưới mục tiêu = theo tỷ lệ",
    "formula": "Biến: a = số vụ việc | vụ\nBiến: b = số vụ việc đã xử lý | vụ\nCông thức: b / a * 2",
    "manual": "Bước điểm = 0,5 (có thể để trống)",
    "sum_of": 'Viết bằng JSON: {"kind": "sum_of", "parts": [{"kind": "boolean", "yes": "1", "no": "0"}, …]}',
    "best_of": "Viết bằng JSON như “Tổng các phần”.",
}

HELP: tuple[tuple[str, str], ...] = (
    ("Cách điền bộ tiêu chí", ""),
    (
        "Mỗi dòng một mục",
        "Lĩnh vực, tiêu chí, tiêu chí thành phần lần lượt từ trên xuống. Cột “Cấp” là 1, 2, 3…; bỏ trống thì "
        "lấy theo mã (1 → cấp 1, 1.2 → cấp 2, 1.2.3 → cấp 3).",
    ),
    (
        "Mỗi cấp một cột",
        "Có thể thay cột tên bằng ba cột “Lĩnh vực”, “Tiêu chí”, “Tiêu chí thành phần”, được gộp ô; "
        "mã có thể viết trước tên: “1.2. Kế hoạch”. Điểm của mục cha bỏ trống thì bằng tổng các mục con.",
    ),
    ("Điểm", "Viết 0,5 hoặc 0.5. Không dùng dấu phân cách hàng nghìn."),
    (
        "Mục chấm điểm",
        "Chỉ mục không có mục con mới điền cách lấy điểm, cách chấm, quy tắc, cơ quan thẩm định, phạm vi áp dụng.",
    ),
    (
        "Cơ quan thẩm định",
        "Tên hoặc mã của cơ quan. Bỏ trống thì do cơ quan nội vụ thẩm định.",
    ),
    (
        "Không áp dụng cho",
        "Mã của các nhóm đặc thù khai ở trang “Thông tin”, cách nhau bằng dấu phẩy.",
    ),
    (
        "Mức trần",
        "Điểm cao nhất được tính của một mục, dù các mục con cộng lại nhiều hơn: sáu mục 10 điểm, tính không quá 10 "
        "thì điểm tối đa 10, mức trần 10. Bỏ trống khi không có.",
    ),
    (
        "Vai trò",
        "Chỉ điền ở lĩnh vực: “điểm cộng” được cộng, “điểm trừ” bị trừ, cả hai không tính vào tổng điểm tối đa. "
        "Bỏ trống với lĩnh vực thường.",
    ),
    (
        "Trường hợp kiểm tra",
        "Mỗi dòng một trường hợp: số liệu, mũi tên → (hoặc =>), số điểm phải được. Ví dụ: "
        "tử số = 88; mẫu số = 111 → 1,189189. Khi điểm tối đa khác của mục: tử số = 0; mẫu số = 0 → 0 trên 0. "
        "Ghi chú viết sau dấu |. Hệ thống chấm thử từng dòng khi nhập và khi khóa; dòng không khớp là lỗi.",
    ),
    (
        "Cột Ghi chú",
        "Không nhập vào hệ thống. Dòng bắt đầu bằng “Ghi chú”, “Lưu ý”, “*” và dòng “Tổng cộng” được bỏ qua.",
    ),
    ("Công thức Excel", "Không tính lại; lấy kết quả đã lưu trong tệp."),
    ("Quy tắc, từng dòng trong một ô (Alt + Enter để xuống dòng)", ""),
    *((rule_words.KINDS[kind], example) for kind, example in _EXAMPLES.items()),
    ("Dòng dùng cho mọi cách chấm", ""),
    ("Làm tròn", "Làm tròn đến = 0,25"),
    (
        "Không phát sinh",
        "Khi không phát sinh = "
        + " | ".join(rule_words.ENUMS["not_arising"][key] for key in ("full", "reduce", "rescale", "zero")),
    ),
    ("Chuyển điểm", "Chuyển điểm cho = 1.2.1, 1.2.2"),
    ("Hậu quả của một phương án", "Trong ngoặc vuông sau điểm: " + "; ".join(rule_words.EFFECTS.values())),
    ("Số liệu của trường hợp kiểm tra", ""),
    ("Đạt / không đạt", "kết quả = đạt → 0,5"),
    (
        "Chọn một phương án",
        "phương án = Kịp thời → 0,5 (hoặc số thứ tự: phương án = 1; khoảng: phương án = 2; điểm = 1,5)",
    ),
    ("Danh mục yêu cầu", "mục = 1, 3 → 1 (số thứ tự; hoặc: tất cả, không có)"),
    (
        "Giá trị, tỷ lệ, đếm",
        "giá trị = 90 → 1 · tử số = 8; mẫu số = 10 → 2 · số lượng = 3 → 0,5 · số lượng 1 = 2; số lượng 2 = 0 → 1",
    ),
    (
        "Điều tra, chỉ số, ngày",
        "A = 10; B = 5 → 3,4 · tỷ lệ % = 91,17 → 9,117 · thứ hạng = 3 → 2 · "
        "từ ngày = 01/12/2025; đến ngày = 05/12/2025 → 0",
    ),
    ("Công thức, các phần", "x = 2; y = 5 → 0,8 · phần 1 điểm = 0,5; phần 2 số lượng = 1 → 1"),
    ("So với cao nhất", "giá trị = 30; cao nhất của khối = 60 → 1"),
    ("Trả lời của mục khác, điều kiện", "1.1.2 (giá trị) = có; điều kiện 1 = không; điểm = 1 → 1"),
    ("Không phát sinh", "không phát sinh = có → 2"),
    (
        "Quy tắc không viết được thành dòng",
        "Viết nguyên quy tắc bằng JSON, bắt đầu bằng dấu {. Tệp do hệ thống xuất cũng viết như vậy khi cần.",
    ),
)
