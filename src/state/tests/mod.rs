mod bisect;
