import { describe, expect, it } from 'vitest';
import { remarkText } from './remark-text.ts';

describe('what is to be looked at, in Chinese', () => {
  it.each([
    ['latitude: "高德纬度" only sounds like it', '纬度：“高德纬度”只是名称相近'],
    [
      'agency: "Agency" or "Agency Name"? the first was taken',
      '处置部门：“Agency”还是“Agency Name”？已取前者',
    ],
    ['reportedAt: the day stands in "日期", its time in "时刻"', '上报时间：日期在“日期”列，时刻在“时刻”列'],
    ['coordinates are taken as gcj02 by the name of their column', '坐标按列名取为 GCJ-02'],
    [
      'status: "挂起" is not known; 40 % of its rows have a closing date, so it is taken as open',
      '状态：“挂起”含义不明，其中 40% 有结案时间，按未结计',
    ],
    // A name out of the file is no template.
    ['type: "$1 & $\'" only sounds like it', "小类：“$1 & $'”只是名称相近"],
    ['what nobody has words for', 'what nobody has words for'],
  ])('%s', (line, told) => {
    expect(remarkText(line)).toEqual({ 'zh-CN': told, en: line });
  });
});
