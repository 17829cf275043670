-- How services and items are filed so that they are found. `alta.search.typed` reads what people type the same way.

-- An identifier without what people leave out or write differently: SIM-00123 is SIM00123, +44 7700 900123 is 447700900123.
CREATE FUNCTION search_code(text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN left(upper(translate($1, E' \t-:./()+_', '')), 100);

-- Words in lower case without accents or punctuation.
CREATE FUNCTION search_fold(text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN btrim(regexp_replace(
        regexp_replace(lower(normalize($1, NFKD)), '[\u0300-\u036f''’`´]', '', 'g'), '[^[:alnum:]]+', ' ', 'g'));

-- A code is found by its beginning and by its end; a telephone number by any part of four digits, so each of its ends is a key.
CREATE FUNCTION search_code_keys(value text) RETURNS SETOF text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT search_code(value) WHERE length(search_code(value)) >= 3
        UNION ALL
        SELECT '~' || reverse(search_code(value)) WHERE value NOT LIKE '+%' AND length(search_code(value)) >= 3
        UNION ALL
        SELECT substr(search_code(value), place)
        FROM generate_series(2, length(search_code(value)) - 3) AS place
        WHERE value LIKE '+%';
    END;

CREATE FUNCTION search_item_keys(identifier text, "values" jsonb) RETURNS SETOF text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT DISTINCT k
        FROM (SELECT identifier AS value UNION ALL SELECT value FROM jsonb_each_text("values")) AS code
        CROSS JOIN LATERAL search_code_keys(code.value) AS k;
    END;

-- A service by each rotation of the words of its name, by the number in it, and by what its custom fields say.
CREATE FUNCTION search_service_keys(name text, custom jsonb) RETURNS SETOF text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        WITH folded AS (SELECT string_to_array(search_fold(name), ' ') AS words),
        code AS (
            SELECT search_code(substring(name FROM '\+[0-9][0-9 ]{6,}')) AS code
            UNION
            SELECT search_code(value #>> '{}') FROM jsonb_each(custom) WHERE jsonb_typeof(value) = 'string'
        )
        SELECT left(array_to_string(words[first:] || words[:first - 1], ' '), 200)
        FROM folded, generate_series(1, least(cardinality(words), 8)) AS first
        UNION
        SELECT code FROM code WHERE length(code) >= 3
        UNION
        SELECT '~' || reverse(code) FROM code WHERE length(code) >= 3;
    END;

CREATE FUNCTION search_file_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_key (kind, key, object_id)
    SELECT 1, k, row.id FROM added AS row, search_item_keys(row.identifier, row."values") AS k;
    RETURN NULL;
END $$;

CREATE FUNCTION search_refile_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM search_key WHERE kind = 1 AND object_id = OLD.id
        AND key IN (SELECT search_item_keys(OLD.identifier, OLD."values"));
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO search_key (kind, key, object_id)
        SELECT 1, k, NEW.id FROM search_item_keys(NEW.identifier, NEW."values") AS k;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION search_file_services() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_key (kind, key, object_id)
    SELECT 2, k, row.id FROM added AS row, search_service_keys(row.name, row.custom) AS k;
    RETURN NULL;
END $$;

CREATE FUNCTION search_refile_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM search_key WHERE kind = 2 AND object_id = OLD.id
        AND key IN (SELECT search_service_keys(OLD.name, OLD.custom));
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO search_key (kind, key, object_id)
        SELECT 2, k, NEW.id FROM search_service_keys(NEW.name, NEW.custom) AS k;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER search_item_added AFTER INSERT ON inventory_item
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION search_file_items();
CREATE TRIGGER search_item_changed AFTER UPDATE ON inventory_item
    FOR EACH ROW WHEN (OLD.identifier <> NEW.identifier OR OLD."values" <> NEW."values")
    EXECUTE FUNCTION search_refile_item();
CREATE TRIGGER search_item_gone AFTER DELETE ON inventory_item
    FOR EACH ROW EXECUTE FUNCTION search_refile_item();
CREATE TRIGGER search_service_added AFTER INSERT ON services_service
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION search_file_services();
CREATE TRIGGER search_service_changed AFTER UPDATE ON services_service
    FOR EACH ROW WHEN (OLD.name <> NEW.name OR OLD.custom <> NEW.custom)
    EXECUTE FUNCTION search_refile_service();
CREATE TRIGGER search_service_gone AFTER DELETE ON services_service
    FOR EACH ROW EXECUTE FUNCTION search_refile_service();

-- What was there before.
INSERT INTO search_key (kind, key, object_id)
    SELECT 1, k, item.id FROM inventory_item AS item, search_item_keys(item.identifier, item."values") AS k;
INSERT INTO search_key (kind, key, object_id)
    SELECT 2, k, service.id FROM services_service AS service, search_service_keys(service.name, service.custom) AS k;
