SET LOCAL ROLE rectify_owner;

-- What people send is understood in one way, however it was typed.

-- Whether a text has signs that are not seen, or that look like Chinese characters and are none: only such a text can hold a
-- word of Chinese characters that does not stand in it as it is.
CREATE FUNCTION has_odd_signs(text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT $1 ~ '[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF\u2E80-\u2FDF\u3038-\u303A\u3190-\u319F\u3200-\u33FF\uF900-\uFAFF\U0001F100-\U0001F2FF\U0002F800-\U0002FA1F]'
$$;

-- The form in which texts are looked for; the program's `String.folded` does the same, and a test compares them sign by sign.
CREATE FUNCTION folded(text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN has_odd_signs($1) THEN lower(normalize(translate(
        regexp_replace($1, '[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]', '', 'g'),
        '⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲',
        '厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵旡日月歺民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀'
    ), NFKC)) ELSE lower(normalize($1, NFKC)) END
$$;
REVOKE ALL ON FUNCTION has_odd_signs(text), folded(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION has_odd_signs(text), folded(text) TO rectify_staff;

-- The index of words is made again by the worker, which folds as above; until then searches look at the texts.
TRUNCATE complaint_text;
DELETE FROM worker_mark WHERE name LIKE 'text|%';

-- A region is written in one way. The sums that count regions are made again by the worker.
ALTER TABLE complaint NO FORCE ROW LEVEL SECURITY;
UPDATE complaint SET region = upper(regexp_replace(normalize(region, NFKC), '\s', '', 'g'))
WHERE upper(regexp_replace(normalize(region, NFKC), '\s', '', 'g')) <> region
  AND upper(regexp_replace(normalize(region, NFKC), '\s', '', 'g')) ~ '^[A-Z]{2}-[A-Z0-9]{1,3}$';
ALTER TABLE complaint FORCE ROW LEVEL SECURITY;
DELETE FROM report_cut;
DELETE FROM report_change;
DELETE FROM report_total;
DELETE FROM report_late;

-- Names are printed in lists: they hold no control characters and nothing that turns the direction of a line.
ALTER TABLE office ADD CONSTRAINT office_names_are_single_lines
    CHECK (name_zh || name_en !~ '[\u0001-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]') NOT VALID;
