import type { Crs, Source } from '@wanmi/contracts';
import { isMonth } from './dates.ts';
import type { Mapping } from './mapping.ts';

// What columns and words of registers are usually called: in English and Chinese, the commonest in German, French and Spanish.

type Field = keyof Mapping['fields'];

/** The first that fits the name counts most; `\b`-like ends, for "state" is not "estate". */
export const NAMES: Readonly<Record<Exclude<Field, 'kind'>, readonly RegExp[]>> = {
  id: [
    /^(case|service ?request|sr|request|ticket|incident|unique|record|issue|complaint|enquiry|inquiry)[ _-]*(enquiry|inquiry|request)?[ _-]*(id|no|num|number|key)\.?$/,
    /^(任务|案卷|案件|工单|事件|受理|诉求|问题|流水)(编号|单号|号|编码|id)$|^(our )?(reference|ref)( (id|no|number))?$|^(vorgangs?|meldungs?|ticket)(nummer|nr|id)$|^aktenzeichen$|^(référence|folio|expediente)$/,
    /(^|[ _-])(id|number|key)$|编号$|编码$|单号$|流水号$|^(案卷|案件|任务|工单|受理)号$/,
  ],
  reportedAt: [
    /^(open|opened|requested|created|reported|received|submitted|creation)[ _-]*(dt|date|datetime|time|at|on)?( ?\/ ?time)?$/,
    /^(上报|受理|登记|来电|创建|接报|诉求|投诉|发现|举报|发生)(时间|日期)$|^(eingang|eingangsdatum|eingegangen am|gemeldet am|meldedatum|erstellt am)$|^(date de )(création|signalement|réception|dépôt)$|^fecha (de )?(creación|ingreso|solicitud|reporte|registro|apertura)$/,
    /(open|request|creat|report|receiv|submit|enter|start)\w*[ _-]*(dt|date|time)|date[ _-]*(opened|created|received|submitted|reported)/,
  ],
  filedAt: [/^立案(时间|日期)$/, /^(filed|accepted|registered)[ _-]*(dt|date|datetime|time|at)$/],
  dispatchedAt: [
    /^(派遣|派单|交办|转办|分派)(时间|日期)$/,
    /^(dispatched|assigned|routed)[ _-]*(dt|date|datetime|time|at)$/,
  ],
  respondedAt: [
    /^(处置|反馈|处理|回复|答复)(完成)?(时间|日期)$/,
    /^(responded|response|answered)[ _-]*(dt|date|datetime|time|at)$/,
  ],
  closedAt: [
    /^(closed|close|completed|completion|resolved|resolution|finished)[ _-]*(dt|date|datetime|time|at|on)?$/,
    /^(结案|办结|关闭|完成|归档)(时间|日期)$|^(erledigt|abgeschlossen)( am)?$|^(erledigungs|abschluss)datum$|^(date de )(clôture|résolution|fermeture)$|^fecha (de )?(cierre|resolución|solución|término)$/,
    /(clos|complet|resolv|finish)\w*[ _-]*(dt|date|time)|date[ _-]*(closed|completed|resolved)/,
  ],
  dueAt: [
    /^(target|due|sla|expected|promised|deadline)[ _-]*(dt|date|datetime|time|at)?$/,
    /(截止|应完成|到期|限办|承诺)(处置)?(时间|日期)|(处置|办理|办结)(时限|期限)$|^(frist|zieldatum|fällig (bis|am))$|échéance|^fecha (límite|compromiso|de vencimiento)$/,
    /(target|due|sla|expected|deadline)/,
  ],
  status: [
    /^(case|request|ticket|sr|current)?[ _-]*status$/,
    /^(案卷|案件|工单|办理|处理|当前)?状态$|^(bearbeitungs(stand|status)|statut|état|estado|estatus)$/,
    /status|状态|^阶段$|当前环节/,
  ],
  onTime: [
    /^on[ _-]?time$|^overdue$|^is[ _-]?(late|overdue)$|^sla[ _-]?met$/,
    /是否(超期|超时|逾期|按时|按期)|^(超期|超时|逾期)(标志|情况)?$/,
  ],
  source: [
    /^(source|channel|origin|method[ _-]*received|open[ _-]*data[ _-]*channel[ _-]*type|intake|request[ _-]*source)$/,
    /^(问题|案卷|信息|案件|诉求|上报)?(来源|渠道)(名称|类型)?$|受理(方式|渠道)|^(meldeweg|eingangskanal|kanal|canal( de (recepción|ingreso|entrada))?|origen|origine)$/,
    /source|channel|来源|渠道/,
  ],
  type: [
    /^(service[ _-]*name|complaint[ _-]*type|request[ _-]*type|sr[ _-]*type|type|service[ _-]*type|case[ _-]*type|issue[ _-]*type|sub[ _-]*category|problem[ _-]*type)$/,
    /^category$|^(案件|案卷|问题|事件|事部件)?小类(名称)?$|^(问题|事件|诉求|案件)(类型|类别|分类)$|^(sr|service[ _-]*request)[ _-]*description$|^(nature|kategorie|unterkategorie|catégorie|type de (demande|signalement)|categoría|subcategoría|tipo( de (solicitud|servicio|reporte))?)$/,
    /(type|service|category|小类|类型|类别)/,
  ],
  group: [
    /^(reason|group|service[ _-]*group|category|department[ _-]*division)$/,
    /^(案件|案卷|问题|事件|事部件)?大类(名称)?$|^(hauptkategorie|thème|tema|rubro)$/,
  ],
  agency: [
    /^(agency[ _-]*responsible|responsible[ _-]*agency|agency|agency[ _-]*name|department|dept|owner[ _-]*department|responsible[ _-]*department)$/,
    /^(处置|责任|承办|主办|专业|办理|主管)(部门|单位)(名称)?$|^(zuständige (stelle|behörde)|zuständigkeit|fachamt|amt|organismo|dependencia|área( responsable)?)$/,
    /agency|department|^(division|bureau|owner|assign(ed)? to)$|部门|承办|责任单位/,
  ],
  title: [/^(case[ _-]*title|title|summary|subject)$/, /^(标题|主题|案卷标题)$/],
  description: [
    /^(description|details?|descriptor|comments?|notes|request[ _-]*details)$/,
    /^(问题|案卷|案件|事件|诉求)?(描述|内容|详情)$|^(beschreibung|meldungstext|descripción|comentarios?|observaciones)$/,
    /^status[ _-]*notes$/,
  ],
  address: [
    /^(address|incident[ _-]*address|street[ _-]*address|full[ _-]*address|location)$/,
    /^(事发|案发|问题|详细|发生|案件)?(地址|位置|地点)(描述)?$|^(stra(ß|ss)e|anschrift|adresse|dirección|domicilio|ubicación|calle)$/,
    /address|^(sr|incident|request)[ _-]*location$|^(rue|street|street[ _-]*name)$|地址|地点|位置/,
  ],
  latitude: [
    /^(lat|latitude|y)$/,
    /^纬度$|^(y坐标|坐标y|gps纬度)$|^(breitengrad|latitud)$/,
    /^(latitude|lat|y)[ _-]*(coordinate|wgs ?84|gcj ?02|bd ?09)$|^(wgs ?84|gcj ?02|bd ?09|gps)[ _-]*lat(itude)?$|(^|[ _-])lat(itude)?$|纬度/,
  ],
  longitude: [
    /^(lon|long|lng|longitude|x)$/,
    /^经度$|^(x坐标|坐标x|gps经度)$|^(längengrad|longitud)$/,
    /^(longitude|lon|lng|long|x)[ _-]*(coordinate|wgs ?84|gcj ?02|bd ?09)$|^(wgs ?84|gcj ?02|bd ?09|gps)[ _-]*(lon|lng|long)(gitude)?$|(^|[ _-])(lon|lng|long|longitude)$|经度/,
  ],
  point: [
    /^(point|location|geom|geometry|the_geom|coordinates|lat[ _-]*long?|geolocation|georeference)$/,
    /^(坐标|经纬度|地理坐标)$/,
  ],
  reporterName: [
    /^(reporter|caller|customer|requestor|requester|citizen)[ _-]*name$/,
    /^(姓名|来电人|诉求人|反映人|举报人|投诉人|联系人|市民姓名)(姓名)?$/,
  ],
  reporterPhone: [
    /(phone|mobile|telephone)/,
    /(电话|手机|联系方式|来电号码)|^(telefon(nummer)?|téléphone|teléfono)$/,
  ],
  result: [
    /^(closure[ _-]*reason|resolution|resolution[ _-]*description|outcome|action[ _-]*taken)$/,
    /^(处理|处置|办理|核查)(结果|意见|情况)$/,
  ],
};

/** 0 to 1: how much a column's name says that it is this field. A remark in brackets is none of its name. */
export function nameScore(field: keyof typeof NAMES, column: string): number {
  const whole = column.normalize('NFKC').toLowerCase();
  const name = (whole.replaceAll(/\([^)]*\)|\[[^\]]*\]/g, ' ').trim() || whole)
    .replaceAll(/[\s_.-]+/g, ' ')
    .trim();
  const index = NAMES[field].findIndex((one) => one.test(name) || one.test(name.replaceAll(' ', '_')));
  return index === -1 ? 0 : [1, 0.95, 0.5][index]!;
}

type Status = NonNullable<NonNullable<Mapping['values']>['status']>['map'][string];

const STATUSES: readonly [RegExp, Status][] = [
  [/不予?受理|reject|invalid|无效|不属实|abgelehnt|rejeté|rechazad/, 'rejected'],
  [/不予?立案|declin/, 'declined'],
  [/作废|撤销|cancel|void|duplica|重复|storniert|annul|doublon/, 'voided'],
  [/transfer|referred|转出|移送/, 'transferred'],
  [
    /未(结|办结|完成|处理|处置)|待|not (yet )?(clos|complet|resolv|done|fix)|unresolved|unfinished|incomplet|re-?open|unerledigt|nicht erledigt|non (résolu|traité)|no resuelt|sin resolver/,
    'open',
  ],
  [
    /clos|clôt|complet|resolv|done|finish|fixed|结案|办结|完成|归档|关闭|已处(理|置)|erledigt|abgeschlossen|geschlossen|résolu|terminé|traité|cerrad|resuelt|solucionad|atendid|concluid/,
    'closed',
  ],
  [
    /open|new|progress|pending|assign|start|initiat|submitted|received|hold|acknowledg|处(置|理)中|办理中|在办|受理|立案|派遣|核查|挂账|延期|督办|offen|bearbeitung|^neu$|en cours|nouveau|abiert|pendient|proceso|trámite/,
    'open',
  ],
];
export function statusOf(word: string): Status | null {
  return STATUSES.find(([pattern]) => pattern.test(word.toLowerCase()))?.[1] ?? null;
}

const CHANNELS: readonly [RegExp, Source][] = [
  [/12319/, 'hotline12319'],
  [/12345|phone|call|hotline|tele(ph|f)on|tél|teléf|电话|热线|来电/, 'hotline12345'],
  [/worker|employee|inspector|staff|crew|监督员|采集员|巡查|信息采集|网格员/, 'collector'],
  [/app|mobile|ios|android|小程序|微信|手机|移动/, 'publicApp'],
  [/web|online|internet|self.?service|portal|网站|网络|门户/, 'website'],
  [/视频|video|camera|摄像/, 'video'],
  [/sensor|物联|传感/, 'sensor'],
  [/媒体|报纸|新闻|press|media$|舆情/, 'media'],
  [/领导|批示|mayor|council|人大|政协/, 'leader'],
  [/上级|省级|国家/, 'superior'],
  [/执法|enforcement/, 'enforcement'],
  [/车载|vehicle/, 'vehicle'],
];
export function sourceOf(word: string): Source | null {
  return CHANNELS.find(([pattern]) => pattern.test(word.toLowerCase()))?.[1] ?? null;
}

/** What a flag's word says of being on time, under that heading: "yes" under "overdue" is no. */
export function onTimeOf(word: string, column: string): boolean | null {
  const text = word.toLowerCase().trim();
  if (/^(on ?_?-?time|met|within|按时|按期|未超期|未超时|未逾期|正常)$/.test(text)) return true;
  if (/^(overdue|late|missed|breach(ed)?|超期|超时|逾期|已超期|已超时)$/.test(text)) return false;
  const isLateColumn = /overdue|late|超期|超时|逾期/.test(column.toLowerCase());
  if (/^(y|yes|true|t|1|是)$/.test(text)) return !isLateColumn;
  if (/^(n|no|false|f|0|否)$/.test(text)) return isLateColumn;
  return null;
}

/** In which coordinates a column's name says that it is; null: it does not. */
export function crsOf(column: string): Crs | null {
  const name = column.normalize('NFKC').toLowerCase();
  if (/gcj|高德|腾讯|火星|国测局|amap|tencent/.test(name)) return 'gcj02';
  if (/bd-?_?09|百度|baidu/.test(name)) return 'bd09';
  return /wgs|gps|天地图|cgcs/.test(name) ? 'wgs84' : null;
}

/** Formats that dates of registers come in, by their shape: 9 is a digit, a a letter. */
export const FORMATS = [
  'yyyy-MM-dd HH:mm:ss',
  'yyyy-MM-dd HH:mm',
  'yyyy-MM-dd',
  'yyyy-MM-dd HH:mm:ss.SSS',
  'iso',
  'yyyy-MM-dd a hh:mm:ss',
  'yyyy/MM/dd HH:mm:ss',
  'yyyy/MM/dd HH:mm',
  'yyyy/MM/dd',
  'yyyy/MM/dd a hh:mm:ss',
  'yyyy/MM/dd a hh:mm',
  'yyyy.MM.dd HH:mm:ss',
  'yyyy.MM.dd HH:mm',
  'yyyy.MM.dd',
  'yyyy年M月d日 HH:mm:ss',
  'yyyy年M月d日 HH:mm',
  'yyyy年M月d日HH:mm:ss',
  'yyyy年M月d日HH:mm',
  'yyyy年M月d日 HH时mm分ss秒',
  'yyyy年M月d日 HH时mm分',
  'yyyy年M月d日HH时mm分ss秒',
  'yyyy年M月d日HH时mm分',
  'yyyy年M月d日',
  'MM/dd/yyyy hh:mm:ss a',
  'MM/dd/yyyy hh:mm a',
  'MM/dd/yyyy HH:mm:ss',
  'MM/dd/yyyy HH:mm',
  'MM/dd/yyyy',
  'MM/dd/yy hh:mm a',
  'MM/dd/yy HH:mm',
  'MM/dd/yy',
  'dd/MM/yyyy hh:mm:ss a',
  'dd/MM/yyyy hh:mm a',
  'dd/MM/yyyy HH:mm:ss',
  'dd/MM/yyyy HH:mm',
  'dd/MM/yyyy',
  'dd/MM/yy HH:mm',
  'dd/MM/yy',
  'dd.MM.yyyy HH:mm:ss',
  'dd.MM.yyyy HH:mm',
  'dd.MM.yyyy',
  'MM-dd-yyyy HH:mm:ss',
  'MM-dd-yyyy',
  'dd-MM-yyyy HH:mm:ss',
  'dd-MM-yyyy HH:mm',
  'dd-MM-yyyy',
  'dd-MMM-yyyy HH:mm:ss',
  'dd-MMM-yyyy',
  'dd-MMM-yy HH:mm',
  'dd-MMM-yy',
  'dd MMM yyyy HH:mm:ss',
  'dd MMM yyyy HH:mm',
  'dd MMM yyyy',
  'MMM d, yyyy hh:mm:ss a',
  'MMM d, yyyy hh:mm a',
  'MMM d, yyyy',
  'yyyyMMdd HH:mm:ss',
  'yyyyMMdd HH:mm',
  'yyyyMMddHHmmss',
  'yyyyMMddHHmm',
  'yyyyMMdd',
] as const;

const DAYS = [
  'yyyy-MM-dd',
  'yyyy/MM/dd',
  'yyyy.MM.dd',
  'MM/dd/yyyy',
  'dd/MM/yyyy',
  'dd.MM.yyyy',
  'MM-dd-yyyy',
  'dd-MM-yyyy',
  'MM/dd/yy',
  'dd/MM/yy',
  'dd.MM.yy',
  'dd-MMM-yyyy',
  'dd-MMM-yy',
  'dd MMM yyyy',
  'dd. MMM yyyy',
  "dd 'de' MMM 'de' yyyy",
  'MMM d, yyyy',
  'MMM d yyyy',
  'E MMM d yyyy',
  'E, dd MMM yyyy',
  'E dd MMM yyyy',
  'E, MMM d, yyyy',
  'yyyy-MMM-dd',
  'yyyy MMM dd',
  'yyyy-MM-dd E',
  'yyyy/MM/dd E',
  'yyyyMMdd',
];
const TIMES = [
  'HH:mm',
  'HH:mm:ss',
  'HH:mm:ss.SSS',
  'HH:mm:ss,SSS',
  'hh:mm a',
  'hh:mm:ss a',
  'hh:mm:ss.SSS a',
  'hh:mma',
  'hh:mm:ssa',
  'h a',
  'ha',
  'a h:mm',
  'a h:mm:ss',
  'ah:mm',
  'ah:mm:ss',
  'HH.mm',
  'HH.mm.ss',
  "HH'h'mm",
  "HH:mm 'Uhr'",
];

/** What else is met: any day with any time, with a zone behind it or the time in front. Tried where no other fits. */
export const MORE_FORMATS: readonly string[] = [
  'zh',
  ...DAYS,
  ...DAYS.flatMap((day) =>
    TIMES.flatMap((time) => [
      `${day} ${time}`,
      `${day}T${time}`,
      `${day}, ${time}`,
      `${day}-${time}`,
      `${day} ${time} X`,
      `${day} ${time}X`,
      `${day}T${time}X`,
      `${time} ${day}`,
      `${time}, ${day}`,
    ]),
  ),
  'E MMM d HH:mm:ss yyyy',
  'E MMM d HH:mm:ss X yyyy',
];

const DATE_WORDS =
  /^(a|p|m|am|pm|t|z|h|de|del|uhr|utc|gmt|[ecmp][sd]t|ce[s]?t|ee[s]?t|[hjk]s?t|hkt|cst|ist|bst|(mon|tue|wed|thu|fri|sat|sun)[a-z]*|(mo|di|mi|do|fr|sa|so)|(montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lun|mar|mer|mié|jeu|jue|ven|vie|sam|sáb|dim|dom)\p{L}*)$/iu;
const DATE_SIGNS =
  /^(年|月|日|号|点|时|分|秒|半|整|年月|[上下]午|凌晨|清晨|早上|早晨|中午|傍晚|晚上|夜间|夜晚|(日|号)?(星期|周)[一二三四五六日天]|(日|号)([上下]午|凌晨|早上|中午|晚上))$/u;

/** Whether text may be a date at all: it has digits enough, and no word that no date has. */
export function mayBeDate(text: string): boolean {
  if ((text.match(/\d/g)?.length ?? 0) < 3) return false;
  const words = text.match(/\p{L}+/gu) ?? [];
  return (
    words.length <= 8 &&
    words.every((word) => DATE_WORDS.test(word) || DATE_SIGNS.test(word) || isMonth(word))
  );
}

/** A time of day and no day: the other half of a date that stands in two columns. */
export const isTime = (cell: string): boolean =>
  /^(\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(\s?[AaPp]\.?[Mm]\.?)?|[上下]午\s?\d{1,2}:\d{2}(:\d{2})?|\d{1,2}\s?[AaPp][Mm])$/.test(
    cell,
  );

/** A zone for a place, roughly: the person who reads the proposal knows it better. */
export function zoneAt(lon: number, lat: number): string {
  const found = ZONES.find(
    ([west, south, east, north]) => lon > west && lon < east && lat > south && lat < north,
  );
  if (found) return found[4];
  const hours = Math.round(lon / 15);
  return hours === 0 ? 'UTC' : `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`;
}

/** The first box that holds the place: cities of a country before the country. */
const ZONES: readonly (readonly [west: number, south: number, east: number, north: number, zone: string])[] =
  [
    [113.8, 22.1, 114.5, 22.6, 'Asia/Hong_Kong'],
    [119.9, 21.8, 122.1, 25.4, 'Asia/Taipei'],
    [124.5, 33, 131, 38.7, 'Asia/Seoul'],
    [129, 30, 146, 46, 'Asia/Tokyo'],
    [68, 6, 89.5, 30.5, 'Asia/Kolkata'],
    [73, 17, 135, 54, 'Asia/Shanghai'],
    [103.5, 1.1, 104.2, 1.5, 'Asia/Singapore'],
    [97, 5.6, 106, 21, 'Asia/Bangkok'],
    [116, 4.5, 127, 21, 'Asia/Manila'],
    [95, -9, 114, 6, 'Asia/Jakarta'],
    [51, 22, 57, 27, 'Asia/Dubai'],
    [138, -29.2, 154, -9, 'Australia/Brisbane'],
    [141, -39.3, 150, -33.9, 'Australia/Melbourne'],
    [141, -38, 154, -28, 'Australia/Sydney'],
    [129, -38.2, 141, -25, 'Australia/Adelaide'],
    [112, -36, 129, -13, 'Australia/Perth'],
    [166, -48, 179, -34, 'Pacific/Auckland'],
    [-115, 31.3, -109, 37, 'America/Phoenix'],
    [-161, 18.5, -154, 22.5, 'Pacific/Honolulu'],
    [-170, 54, -130, 72, 'America/Anchorage'],
    [-118, 14, -86.5, 25.5, 'America/Mexico_City'],
    [-101, 19, -97, 23, 'America/Mexico_City'],
    [-120, 49, -110, 60, 'America/Edmonton'],
    [-110, 49, -101.4, 60, 'America/Regina'],
    [-86, 24, -66, 50, 'America/New_York'],
    [-101, 24, -86, 51, 'America/Chicago'],
    [-114, 24, -101, 50, 'America/Denver'],
    [-125, 24, -114, 51, 'America/Los_Angeles'],
    [-60, 43, -52, 60, 'America/Halifax'],
    [-79.1, -4.3, -66.8, 12.5, 'America/Bogota'],
    [-81.4, -18.4, -70, -0.1, 'America/Lima'],
    [-76, -56, -70, -17.5, 'America/Santiago'],
    [-70, -56, -56.5, -22, 'America/Argentina/Buenos_Aires'],
    [-57, -34, -34, 5, 'America/Sao_Paulo'],
    [-8.7, 50, 1.8, 61, 'Europe/London'],
    [-9.6, 36.8, -6.1, 42.2, 'Europe/Lisbon'],
    [25.6, 35.8, 45, 42.1, 'Europe/Istanbul'],
    [19.3, 34.8, 29.7, 41.8, 'Europe/Athens'],
    [19, 59.7, 31.6, 70, 'Europe/Helsinki'],
    [22, 44.3, 40.2, 52.4, 'Europe/Kyiv'],
    [31, 50, 48, 62, 'Europe/Moscow'],
    [-5, 36, 24, 71, 'Europe/Berlin'],
    [16, -35, 33, -22, 'Africa/Johannesburg'],
    [2.7, 4, 14.7, 13.9, 'Africa/Lagos'],
    [25, 22, 35, 31.7, 'Africa/Cairo'],
  ];
