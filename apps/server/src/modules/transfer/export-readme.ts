export const EXPORT_README = `# 城市数据全量导出 · Everything a city owns

格式 wanmi-city-export，版本 1。全部为开放格式：JSON（RFC 8259）、NDJSON（每行一个 JSON 对象）、GeoJSON（RFC 7946，WGS 84）、CSV（RFC 4180，
UTF-8 带 BOM）、BPMN 2.0、DMN 1.x、JSON Schema。时间为 UTC（ISO 8601），日期为城市当地日期，二进制为以 \`\\\\x\` 开头的十六进制。
数据取自同一时刻的快照。

Format wanmi-city-export, version 1. Open formats only: JSON (RFC 8259), NDJSON (one JSON object a line), GeoJSON (RFC 7946,
WGS 84), CSV (RFC 4180, UTF-8 with a byte order mark), BPMN 2.0, DMN 1.x, JSON Schema. Times are UTC (ISO 8601), days are the
city's own, binary values are hexadecimal after \`\\\\x\`. Everything is of one moment (one snapshot of the database).

| 文件 file | 内容 content |
|---|---|
| manifest.json | 每个文件的 SHA-256、字节数、行数 · SHA-256, bytes and rows of every file |
| city.json | 城市 · the city |
| rules/ | 现行规则，逐字节 · the rules in force, byte by byte |
| publications/ | 历次发布的规则包及记录 · every publication as its archive, and the record of them |
| org/*.csv | 机构、人员、岗位、角色（供表格软件打开）· units, people, posts, roles, for spreadsheets |
| map/*.geojson | 区域、网格、部件 · regions, grids, assets |
| map/assets.csv | 部件（供表格软件打开）· assets, for spreadsheets |
| data/*.ndjson | 各表的全部行，名称同数据库 · all rows of each table, called as in the database |
| cases/cases.ndjson | 每行一个案卷：上报、派遣单、任务、申请、日志 · one case a line with reports, assignments, tasks, applications and log |
| facts/*.csv | 统计事实及日、月汇总 · facts of statistics, figures of days and months |
| media/ | 照片和视频，按内容的 SHA-256 命名 · photos and films, named by the SHA-256 of their bytes |

## 核验 Verification

案卷日志：对每个案卷按 seq 从 1 起，hash = H(前一条 hash 的字节 || body 的 UTF-8 字节)，第一条没有“前一条”；H 为 algorithm 所称算法
（sha256 或 sm3）。最后一条的 hash 等于案卷的 head。\`data/log_head.ndjson\` 是每日各案卷的链头，\`data/log_root.ndjson\` 是每日默克尔根
（RFC 6962；叶 = 案卷 id 16 字节 || seq 4 字节大端 || hash，按 id 排序；每日根 = H(前一日根，首日为 32 个零字节 || 当日树根)）。

The log of a case, by seq from 1: hash = H(bytes of the hash before || UTF-8 bytes of body), the first one has nothing before it;
H is what \`algorithm\` says (sha256 or sm3). The last hash equals the case's head. \`data/log_head.ndjson\` has the heads of each
day, \`data/log_root.ndjson\` the daily Merkle roots (RFC 6962; a leaf is the case's id, 16 bytes || seq, 4 bytes, big endian || hash, in
the order of ids; a day's root = H(root of the day before, 32 zero bytes for the first || root of the day's tree)).

\`wanmi transfer verify <folder>\` 仅凭这些文件完成上述核验 · does all of this from the files alone.

## 个人信息 Personal data

未勾选“含个人信息”时，不含姓名、电话、上报人身份和访问地址，照片为去除位置和设备信息的版本。CSV 中可能被当作公式的单元格前加撇号；JSON 原样。
密码、会话从不导出。

Without personal data there are no names, phones, identities of reporters or addresses of requests, and photos are the form without
position and device. Cells of CSV files that a spreadsheet would take for a formula begin with an apostrophe; JSON is exact.
Passwords and sessions are never exported.
`;
