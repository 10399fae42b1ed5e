"""Who there is in the sample province: blocks, agencies, and accounts named by their role. Nobody is a person."""

from __future__ import annotations

from dataclasses import dataclass

from agencies.models import Role
from parindex.ui.collation import fold

#: The one password of every account of the sample.
PASSWORD = "dien-tap-cai-cach"

#: Where the documents of the sample are dated.
PLACE = "Tỉnh Mẫu"
HOME_AFFAIRS = "so-noi-vu"
OFFICE = "van-phong-ubnd-tinh"

#: slug, name, order. The slugs of the sample sets are the first three's.
BLOCKS = (
    ("so-ban-nganh", "Sở, ban, ngành", 1),
    ("phuong", "Phường", 2),
    ("xa", "Xã, đặc khu", 3),
    ("khoi-tham-quan", "Khối tham quan", 4),
)
DEPARTMENTS, WARDS, COMMUNES, TOUR = (slug for slug, _name, _order in BLOCKS)

#: slug, name, short name. Twenty departments as they stand now.
DEPARTMENT_NAMES = (
    (OFFICE, "Văn phòng Ủy ban nhân dân tỉnh", "Văn phòng UBND tỉnh"),
    (HOME_AFFAIRS, "Sở Nội vụ", ""),
    ("so-tu-phap", "Sở Tư pháp", ""),
    ("so-tai-chinh", "Sở Tài chính", ""),
    ("so-khoa-hoc-va-cong-nghe", "Sở Khoa học và Công nghệ", "Sở KH&CN"),
    ("so-y-te", "Sở Y tế", ""),
    ("so-giao-duc-va-dao-tao", "Sở Giáo dục và Đào tạo", "Sở GD&ĐT"),
    ("so-nong-nghiep-va-moi-truong", "Sở Nông nghiệp và Môi trường", "Sở NN&MT"),
    ("so-xay-dung", "Sở Xây dựng", ""),
    ("so-cong-thuong", "Sở Công Thương", ""),
    ("so-van-hoa-va-the-thao", "Sở Văn hóa và Thể thao", "Sở VH&TT"),
    ("so-du-lich", "Sở Du lịch", ""),
    ("so-dan-toc-va-ton-giao", "Sở Dân tộc và Tôn giáo", "Sở DT&TG"),
    ("so-ngoai-vu", "Sở Ngoại vụ", ""),
    ("so-an-toan-thuc-pham", "Sở An toàn thực phẩm", ""),
    ("so-quy-hoach-kien-truc", "Sở Quy hoạch - Kiến trúc", "Sở QH-KT"),
    ("thanh-tra-tinh", "Thanh tra tỉnh", ""),
    ("bql-khu-kinh-te", "Ban Quản lý Khu kinh tế", "BQL Khu kinh tế"),
    ("bql-khu-cong-nghe-cao", "Ban Quản lý Khu công nghệ cao", "BQL Khu CNC"),
    ("bql-cac-khu-cong-nghiep", "Ban Quản lý các khu công nghiệp", "BQL các KCN"),
)
#: Departments of the first year that came to an end: (slug, name, successor, how). Two were merged, one renamed.
FORMER = (
    ("so-nn-ptnt", "Sở Nông nghiệp và Phát triển nông thôn", "so-nong-nghiep-va-moi-truong", "merged"),
    ("so-tn-mt", "Sở Tài nguyên và Môi trường", "so-nong-nghiep-va-moi-truong", "merged"),
    ("ban-dan-toc", "Ban Dân tộc", "so-dan-toc-va-ton-giao", "renamed"),
)
#: Departments by the profiles under which some criteria do not apply to them.
DEPARTMENT_PROFILES = {
    "thanh-tra-tinh": ["no_tthc", "no_sub_units"],
    "so-ngoai-vu": ["no_vbqppl", "no_investment", "no_sub_units"],
    "so-dan-toc-va-ton-giao": ["no_sub_units"],
    "ban-dan-toc": ["no_tthc", "no_sub_units"],
    OFFICE: ["no_investment"],
    "so-an-toan-thuc-pham": ["no_investment"],
}

WARD_NAMES = (
    "An Bình", "An Hòa", "An Phú", "Bình Minh", "Đồng Tâm", "Đông Sơn", "Hòa Bình", "Hưng Phúc", "Minh Khai",
    "Mỹ An", "Phú Thịnh", "Quang Trung", "Tân Lập", "Tân Tiến", "Tây Hồ Mẫu", "Thanh Bình", "Thắng Lợi",
    "Thống Nhất", "Trung Tâm", "Vĩnh Phước",
)  # fmt: skip
COMMUNE_NAMES = (
    "Ái Nghĩa", "An Lạc", "Ba Đồi", "Bản Suối", "Bình An", "Cẩm Thạch", "Cầu Mới", "Chợ Đồn", "Đại Đồng",
    "Đồi Thông", "Đông Hải", "Giang Bắc", "Giang Nam", "Hạ Long Mẫu", "Hoa Sơn", "Hòa Lạc", "Kim Sơn", "Lâm Viên",
    "Liên Minh", "Mai Hóa", "Nà Mẫu", "Ngọc Lâm", "Nhân Hòa", "Phong Điền", "Phú Sơn", "Phước Lộc", "Quảng Phú",
    "Sơn Đông", "Suối Trong", "Tân Hương", "Thạch Bàn", "Thanh Sơn", "Thượng Nguồn", "Tiên Phong", "Trà Giang",
    "Trường Xuân", "Vạn Thọ", "Vĩnh An", "Xuân Lộc",
)  # fmt: skip
ISLAND = ("dac-khu-hon-mau", "Đặc khu Hòn Mẫu")
#: The first one is the agency that the guided tour drafts as; the other two are final.
TOUR_NAMES = (
    ("khu-di-tich", "Ban Quản lý Khu di tích Đồi Mẫu", "BQL Khu di tích"),
    ("quy-moi-truong", "Quỹ Bảo vệ môi trường Mẫu", "Quỹ BVMT"),
    ("xuc-tien-dau-tu", "Trung tâm Xúc tiến đầu tư Mẫu", "TT Xúc tiến"),
)
#: The share of points that they are worth.
TOUR_WORTH = {"khu-di-tich": 0.87, "quy-moi-truong": 0.9, "xuc-tien-dau-tu": 0.82}


@dataclass(frozen=True, slots=True)
class Account:
    """An account that the sample shows by name. ``agency`` is a slug; ``division`` a name in that agency."""

    username: str
    full_name: str
    role: Role
    agency: str = ""
    division: str = ""


HEALTH_DIVISION = "Phòng Tổ chức - Hành chính"
PROVINCE_ACCOUNTS = (
    Account("quan-tri", "Quản trị hệ thống", Role.ADMINISTRATOR),
    Account("thu-ky", "Thư ký hội đồng thẩm định", Role.SECRETARY, HOME_AFFAIRS),
    Account("tham-dinh", "Thành viên tổ thẩm định Sở Nội vụ", Role.ASSESSOR, HOME_AFFAIRS),
    Account("tham-dinh.van-phong", "Thành viên tổ thẩm định Văn phòng UBND tỉnh", Role.ASSESSOR, OFFICE),
    Account("tham-dinh.tu-phap", "Thành viên tổ thẩm định Sở Tư pháp", Role.ASSESSOR, "so-tu-phap"),
    Account("tham-dinh.tai-chinh", "Thành viên tổ thẩm định Sở Tài chính", Role.ASSESSOR, "so-tai-chinh"),
    Account("tham-dinh.khcn", "Thành viên tổ thẩm định Sở KH&CN", Role.ASSESSOR, "so-khoa-hoc-va-cong-nghe"),
    Account("hoi-dong", "Thành viên hội đồng (Văn phòng UBND tỉnh)", Role.COUNCIL_MEMBER, OFFICE),
    Account("hoi-dong.tai-chinh", "Thành viên hội đồng (Sở Tài chính)", Role.COUNCIL_MEMBER, "so-tai-chinh"),
    Account("trinh-cong-bo", "Người trình công bố", Role.PUBLISHER),
    Account("duyet-cong-bo", "Người duyệt công bố", Role.APPROVER),
    Account("giam-sat", "Người giám sát", Role.INSPECTOR),
)
AGENCY_ACCOUNTS = (
    Account("dm.so-y-te", "Đầu mối CCHC Sở Y tế", Role.COORDINATOR, "so-y-te"),
    Account("phong.so-y-te", f"{HEALTH_DIVISION} Sở Y tế", Role.DIVISION_EDITOR, "so-y-te", HEALTH_DIVISION),
)
#: Every agency has both: cv.<slug> declares, ld.<slug> approves.
STAFF = ((Role.EDITOR, "cv", "Chuyên viên"), (Role.HEAD, "ld", "Lãnh đạo"))
#: Agencies whose two accounts are printed, of each block the first to look at.
SHOWN_STAFF = ("khu-di-tich", "so-y-te", "so-xay-dung", "phuong-an-binh", "xa-an-lac")


def staff_name(role: Role, agency_slug: str) -> str:
    """The account of an agency's editor or head."""
    return f"{next(prefix for held, prefix, _title in STAFF if held == role)}.{agency_slug}"


def agency_name(slug: str) -> str:
    """The name of an agency of the sample."""
    named = {one[0]: one[1] for one in (*DEPARTMENT_NAMES, *FORMER, *TOUR_NAMES, ISLAND)}
    if slug in named:
        return named[slug]
    kinds = {"phuong": ("Phường", WARD_NAMES), "xa": ("Xã", COMMUNE_NAMES)}
    kind, _hyphen, rest = slug.partition("-")
    title, known = kinds[kind]
    return next(f"{title} {name}" for name in known if fold(name).replace(" ", "-") == rest)
