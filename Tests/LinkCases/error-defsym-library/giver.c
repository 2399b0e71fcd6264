int given = 10;
