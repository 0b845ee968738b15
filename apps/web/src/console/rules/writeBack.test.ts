import { expect, test } from 'vitest';
import { writeBack } from './writeBack.ts';

const before = '<d xmlns:x="u"><p id="p"><a id="1" n="old" /><a id="2" /></p></d>';
const own = `<?xml version="1.0"?>
<d   xmlns:x="u">
  <!-- one -->
  <p id='p'>
    <a id="1"  n='old'/> <!-- two -->
    <foreign><x:y/></foreign>
    <a id="2"/>
  </p>
</d>
`;
const written = (now: string) => writeBack(own, { before, now });

test('nothing changed is nothing written', () => {
  expect(written(before)).toBe(own);
});

test('an attribute is set, added, taken away', () => {
  expect(written(before.replace('"old"', '"new &amp; &quot;q&quot;"'))).toBe(
    own.replace(`'old'`, '"new &amp; &quot;q&quot;"'),
  );
  expect(written(before.replace('<a id="2" />', '<a id="2" m="1" k="2" />'))).toBe(
    own.replace('<a id="2"/>', '<a id="2" m="1" k="2"/>'),
  );
  expect(written(before.replace(' n="old"', ''))).toBe(own.replace(`  n='old'`, ''));
});

test('an element comes behind what it stands behind, and goes with its line', () => {
  expect(written(before.replace('<a id="2" />', '<b id="3"><c>t</c></b><a id="2" /><b id="4" />'))).toBe(
    own
      .replace(`n='old'/>`, `n='old'/>\n    <b id="3"><c>t</c></b>`)
      .replace('<a id="2"/>', '<a id="2"/>\n    <b id="4" />'),
  );
  expect(written(before.replace('<a id="2" />', ''))).toBe(own.replace('\n    <a id="2"/>', ''));
  // One that is replaced: the new one stands where the old one stood.
  expect(written(before.replace('<a id="1" n="old" />', '<b id="9" />'))).toBe(
    own.replace(`\n    <a id="1"  n='old'/>`, '\n    <b id="9" />'),
  );
});

test('an element without content gets some', () => {
  expect(written(before.replace('<a id="2" />', '<a id="2"><c /></a>'))).toBe(
    own.replace('<a id="2"/>', '<a id="2">\n      <c />\n    </a>'),
  );
});

test('a name space is declared, and never taken away', () => {
  expect(written(before.replace('xmlns:x="u"', 'xmlns:w="v"').replace('id="2"', 'id="2" w:s="1"'))).toBe(
    own.replace('xmlns:x="u"', 'xmlns:x="u" xmlns:w="v"').replace('<a id="2"/>', '<a id="2" w:s="1"/>'),
  );
});

test('where a change has no place in the text it is not lost: there is none to keep', () => {
  expect(writeBack('<d><p id="other" /></d>', { before, now: before.replace('old', 'new') })).toBeNull();
  expect(writeBack('<z:d xmlns:z="w"/>', { before, now: before.replace('old', 'new') })).toBeNull();
  expect(writeBack('no xml', { before, now: '<d/>' })).toBeNull();
});
