{#- The kinds of models; how they are made stands in macros/relations.sql. sqlfluff reads macros and knows no materialization: so these stand apart. -#}

{% materialization table, adapter='postgres' %}
    {{ return(made_anew('table')) }}
{% endmaterialization %}

{% materialization view, adapter='postgres' %}
    {{ return(made_anew('view')) }}
{% endmaterialization %}

{% materialization incremental, adapter='postgres' %}
    {{ return(made_in_part() if is_incremental() else made_anew('table')) }}
{% endmaterialization %}
