define internal void @contract_1(ptr noalias %a0, ptr noalias %a1, ptr noalias %a2) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v84, %b1 ]
  %v4 = phi ptr [ %a0, %entry ], [ %v82, %b1 ]
  %v5 = phi ptr [ %a1, %entry ], [ %v83, %b1 ]
  %v6 = phi <4 x float> [ zeroinitializer, %entry ], [ %v56, %b1 ]
  %v7 = phi <4 x float> [ zeroinitializer, %entry ], [ %v57, %b1 ]
  %v8 = phi <4 x float> [ zeroinitializer, %entry ], [ %v62, %b1 ]
  %v9 = phi <4 x float> [ zeroinitializer, %entry ], [ %v63, %b1 ]
  %v10 = phi <4 x float> [ zeroinitializer, %entry ], [ %v68, %b1 ]
  %v11 = phi <4 x float> [ zeroinitializer, %entry ], [ %v69, %b1 ]
  %v12 = phi <4 x float> [ zeroinitializer, %entry ], [ %v74, %b1 ]
  %v13 = phi <4 x float> [ zeroinitializer, %entry ], [ %v75, %b1 ]
  %v14 = phi <4 x float> [ zeroinitializer, %entry ], [ %v80, %b1 ]
  %v15 = phi <4 x float> [ zeroinitializer, %entry ], [ %v81, %b1 ]
  %v16 = load <4 x float>, ptr %v5, align 4
  %v17 = getelementptr i8, ptr %v5, i64 16
  %v18 = load <4 x float>, ptr %v17, align 4
  %v19 = load float, ptr %v4, align 4
  %v20 = insertelement <4 x float> poison, float %v19, i64 0
  %v21 = shufflevector <4 x float> %v20, <4 x float> poison, <4 x i32> zeroinitializer
  %v22 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v21, <4 x float> %v16, <4 x float> %v6)
  %v23 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v21, <4 x float> %v18, <4 x float> %v7)
  %v24 = getelementptr i8, ptr %v4, i64 4
  %v25 = load float, ptr %v24, align 4
  %v26 = insertelement <4 x float> poison, float %v25, i64 0
  %v27 = shufflevector <4 x float> %v26, <4 x float> poison, <4 x i32> zeroinitializer
  %v28 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v27, <4 x float> %v16, <4 x float> %v8)
  %v29 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v27, <4 x float> %v18, <4 x float> %v9)
  %v30 = getelementptr i8, ptr %v4, i64 8
  %v31 = load float, ptr %v30, align 4
  %v32 = insertelement <4 x float> poison, float %v31, i64 0
  %v33 = shufflevector <4 x float> %v32, <4 x float> poison, <4 x i32> zeroinitializer
  %v34 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v33, <4 x float> %v16, <4 x float> %v10)
  %v35 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v33, <4 x float> %v18, <4 x float> %v11)
  %v36 = getelementptr i8, ptr %v4, i64 12
  %v37 = load float, ptr %v36, align 4
  %v38 = insertelement <4 x float> poison, float %v37, i64 0
  %v39 = shufflevector <4 x float> %v38, <4 x float> poison, <4 x i32> zeroinitializer
  %v40 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v39, <4 x float> %v16, <4 x float> %v12)
  %v41 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v39, <4 x float> %v18, <4 x float> %v13)
  %v42 = getelementptr i8, ptr %v4, i64 16
  %v43 = load float, ptr %v42, align 4
  %v44 = insertelement <4 x float> poison, float %v43, i64 0
  %v45 = shufflevector <4 x float> %v44, <4 x float> poison, <4 x i32> zeroinitializer
  %v46 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v45, <4 x float> %v16, <4 x float> %v14)
  %v47 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v45, <4 x float> %v18, <4 x float> %v15)
  %v48 = getelementptr i8, ptr %v5, i64 72
  %v49 = load <4 x float>, ptr %v48, align 4
  %v50 = getelementptr i8, ptr %v5, i64 88
  %v51 = load <4 x float>, ptr %v50, align 4
  %v52 = getelementptr i8, ptr %v4, i64 20
  %v53 = load float, ptr %v52, align 4
  %v54 = insertelement <4 x float> poison, float %v53, i64 0
  %v55 = shufflevector <4 x float> %v54, <4 x float> poison, <4 x i32> zeroinitializer
  %v56 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v55, <4 x float> %v49, <4 x float> %v22)
  %v57 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v55, <4 x float> %v51, <4 x float> %v23)
  %v58 = getelementptr i8, ptr %v4, i64 24
  %v59 = load float, ptr %v58, align 4
  %v60 = insertelement <4 x float> poison, float %v59, i64 0
  %v61 = shufflevector <4 x float> %v60, <4 x float> poison, <4 x i32> zeroinitializer
  %v62 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v61, <4 x float> %v49, <4 x float> %v28)
  %v63 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v61, <4 x float> %v51, <4 x float> %v29)
  %v64 = getelementptr i8, ptr %v4, i64 28
  %v65 = load float, ptr %v64, align 4
  %v66 = insertelement <4 x float> poison, float %v65, i64 0
  %v67 = shufflevector <4 x float> %v66, <4 x float> poison, <4 x i32> zeroinitializer
  %v68 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v67, <4 x float> %v49, <4 x float> %v34)
  %v69 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v67, <4 x float> %v51, <4 x float> %v35)
  %v70 = getelementptr i8, ptr %v4, i64 32
  %v71 = load float, ptr %v70, align 4
  %v72 = insertelement <4 x float> poison, float %v71, i64 0
  %v73 = shufflevector <4 x float> %v72, <4 x float> poison, <4 x i32> zeroinitializer
  %v74 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v73, <4 x float> %v49, <4 x float> %v40)
  %v75 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v73, <4 x float> %v51, <4 x float> %v41)
  %v76 = getelementptr i8, ptr %v4, i64 36
  %v77 = load float, ptr %v76, align 4
  %v78 = insertelement <4 x float> poison, float %v77, i64 0
  %v79 = shufflevector <4 x float> %v78, <4 x float> poison, <4 x i32> zeroinitializer
  %v80 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v79, <4 x float> %v49, <4 x float> %v46)
  %v81 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v79, <4 x float> %v51, <4 x float> %v47)
  %v82 = getelementptr i8, ptr %v4, i64 40
  %v83 = getelementptr i8, ptr %v5, i64 144
  %v84 = add nuw nsw i64 %v3, 2
  %v85 = icmp slt i64 %v84, 6
  br i1 %v85, label %b1, label %b2
b2:
  %v86 = load <4 x float>, ptr %a2, align 4
  %v87 = fmul <4 x float> %v56, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v88 = fsub <4 x float> %v86, %v87
  store <4 x float> %v88, ptr %a2, align 4
  %v89 = getelementptr i8, ptr %a2, i64 16
  %v90 = load <4 x float>, ptr %v89, align 4
  %v91 = fmul <4 x float> %v57, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v92 = fsub <4 x float> %v90, %v91
  %v93 = getelementptr i8, ptr %a2, i64 16
  store <4 x float> %v92, ptr %v93, align 4
  %v94 = getelementptr i8, ptr %a2, i64 80
  %v95 = load <4 x float>, ptr %v94, align 4
  %v96 = fmul <4 x float> %v62, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v97 = fsub <4 x float> %v95, %v96
  %v98 = getelementptr i8, ptr %a2, i64 80
  store <4 x float> %v97, ptr %v98, align 4
  %v99 = getelementptr i8, ptr %a2, i64 96
  %v100 = load <4 x float>, ptr %v99, align 4
  %v101 = fmul <4 x float> %v63, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v102 = fsub <4 x float> %v100, %v101
  %v103 = getelementptr i8, ptr %a2, i64 96
  store <4 x float> %v102, ptr %v103, align 4
  %v104 = getelementptr i8, ptr %a2, i64 160
  %v105 = load <4 x float>, ptr %v104, align 4
  %v106 = fmul <4 x float> %v68, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v107 = fsub <4 x float> %v105, %v106
  %v108 = getelementptr i8, ptr %a2, i64 160
  store <4 x float> %v107, ptr %v108, align 4
  %v109 = getelementptr i8, ptr %a2, i64 176
  %v110 = load <4 x float>, ptr %v109, align 4
  %v111 = fmul <4 x float> %v69, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v112 = fsub <4 x float> %v110, %v111
  %v113 = getelementptr i8, ptr %a2, i64 176
  store <4 x float> %v112, ptr %v113, align 4
  %v114 = getelementptr i8, ptr %a2, i64 240
  %v115 = load <4 x float>, ptr %v114, align 4
  %v116 = fmul <4 x float> %v74, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v117 = fsub <4 x float> %v115, %v116
  %v118 = getelementptr i8, ptr %a2, i64 240
  store <4 x float> %v117, ptr %v118, align 4
  %v119 = getelementptr i8, ptr %a2, i64 256
  %v120 = load <4 x float>, ptr %v119, align 4
  %v121 = fmul <4 x float> %v75, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v122 = fsub <4 x float> %v120, %v121
  %v123 = getelementptr i8, ptr %a2, i64 256
  store <4 x float> %v122, ptr %v123, align 4
  %v124 = getelementptr i8, ptr %a2, i64 320
  %v125 = load <4 x float>, ptr %v124, align 4
  %v126 = fmul <4 x float> %v80, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v127 = fsub <4 x float> %v125, %v126
  %v128 = getelementptr i8, ptr %a2, i64 320
  store <4 x float> %v127, ptr %v128, align 4
  %v129 = getelementptr i8, ptr %a2, i64 336
  %v130 = load <4 x float>, ptr %v129, align 4
  %v131 = fmul <4 x float> %v81, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v132 = fsub <4 x float> %v130, %v131
  %v133 = getelementptr i8, ptr %a2, i64 336
  store <4 x float> %v132, ptr %v133, align 4
  %v134 = getelementptr i8, ptr %a1, i64 32
  br label %b135
b135:
  %v137 = phi i64 [ 0, %b2 ], [ %v237, %b135 ]
  %v138 = phi ptr [ %a0, %b2 ], [ %v235, %b135 ]
  %v139 = phi ptr [ %v134, %b2 ], [ %v236, %b135 ]
  %v140 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v204, %b135 ]
  %v141 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v205, %b135 ]
  %v142 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v206, %b135 ]
  %v143 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v211, %b135 ]
  %v144 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v212, %b135 ]
  %v145 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v213, %b135 ]
  %v146 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v218, %b135 ]
  %v147 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v219, %b135 ]
  %v148 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v220, %b135 ]
  %v149 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v225, %b135 ]
  %v150 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v226, %b135 ]
  %v151 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v227, %b135 ]
  %v152 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v232, %b135 ]
  %v153 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v233, %b135 ]
  %v154 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v234, %b135 ]
  %v155 = load <4 x float>, ptr %v139, align 4
  %v156 = getelementptr i8, ptr %v139, i64 16
  %v157 = load <4 x float>, ptr %v156, align 4
  %v158 = getelementptr i8, ptr %v139, i64 32
  %v159 = call <4 x float> @llvm.masked.load.v4f32.p0(ptr %v158, i32 4, <4 x i1> <i1 true, i1 true, i1 false, i1 false>, <4 x float> zeroinitializer)
  %v160 = load float, ptr %v138, align 4
  %v161 = insertelement <4 x float> poison, float %v160, i64 0
  %v162 = shufflevector <4 x float> %v161, <4 x float> poison, <4 x i32> zeroinitializer
  %v163 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v162, <4 x float> %v155, <4 x float> %v140)
  %v164 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v162, <4 x float> %v157, <4 x float> %v141)
  %v165 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v162, <4 x float> %v159, <4 x float> %v142)
  %v166 = getelementptr i8, ptr %v138, i64 4
  %v167 = load float, ptr %v166, align 4
  %v168 = insertelement <4 x float> poison, float %v167, i64 0
  %v169 = shufflevector <4 x float> %v168, <4 x float> poison, <4 x i32> zeroinitializer
  %v170 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v169, <4 x float> %v155, <4 x float> %v143)
  %v171 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v169, <4 x float> %v157, <4 x float> %v144)
  %v172 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v169, <4 x float> %v159, <4 x float> %v145)
  %v173 = getelementptr i8, ptr %v138, i64 8
  %v174 = load float, ptr %v173, align 4
  %v175 = insertelement <4 x float> poison, float %v174, i64 0
  %v176 = shufflevector <4 x float> %v175, <4 x float> poison, <4 x i32> zeroinitializer
  %v177 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v176, <4 x float> %v155, <4 x float> %v146)
  %v178 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v176, <4 x float> %v157, <4 x float> %v147)
  %v179 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v176, <4 x float> %v159, <4 x float> %v148)
  %v180 = getelementptr i8, ptr %v138, i64 12
  %v181 = load float, ptr %v180, align 4
  %v182 = insertelement <4 x float> poison, float %v181, i64 0
  %v183 = shufflevector <4 x float> %v182, <4 x float> poison, <4 x i32> zeroinitializer
  %v184 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v183, <4 x float> %v155, <4 x float> %v149)
  %v185 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v183, <4 x float> %v157, <4 x float> %v150)
  %v186 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v183, <4 x float> %v159, <4 x float> %v151)
  %v187 = getelementptr i8, ptr %v138, i64 16
  %v188 = load float, ptr %v187, align 4
  %v189 = insertelement <4 x float> poison, float %v188, i64 0
  %v190 = shufflevector <4 x float> %v189, <4 x float> poison, <4 x i32> zeroinitializer
  %v191 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v190, <4 x float> %v155, <4 x float> %v152)
  %v192 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v190, <4 x float> %v157, <4 x float> %v153)
  %v193 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v190, <4 x float> %v159, <4 x float> %v154)
  %v194 = getelementptr i8, ptr %v139, i64 72
  %v195 = load <4 x float>, ptr %v194, align 4
  %v196 = getelementptr i8, ptr %v139, i64 88
  %v197 = load <4 x float>, ptr %v196, align 4
  %v198 = getelementptr i8, ptr %v139, i64 104
  %v199 = call <4 x float> @llvm.masked.load.v4f32.p0(ptr %v198, i32 4, <4 x i1> <i1 true, i1 true, i1 false, i1 false>, <4 x float> zeroinitializer)
  %v200 = getelementptr i8, ptr %v138, i64 20
  %v201 = load float, ptr %v200, align 4
  %v202 = insertelement <4 x float> poison, float %v201, i64 0
  %v203 = shufflevector <4 x float> %v202, <4 x float> poison, <4 x i32> zeroinitializer
  %v204 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v203, <4 x float> %v195, <4 x float> %v163)
  %v205 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v203, <4 x float> %v197, <4 x float> %v164)
  %v206 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v203, <4 x float> %v199, <4 x float> %v165)
  %v207 = getelementptr i8, ptr %v138, i64 24
  %v208 = load float, ptr %v207, align 4
  %v209 = insertelement <4 x float> poison, float %v208, i64 0
  %v210 = shufflevector <4 x float> %v209, <4 x float> poison, <4 x i32> zeroinitializer
  %v211 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v210, <4 x float> %v195, <4 x float> %v170)
  %v212 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v210, <4 x float> %v197, <4 x float> %v171)
  %v213 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v210, <4 x float> %v199, <4 x float> %v172)
  %v214 = getelementptr i8, ptr %v138, i64 28
  %v215 = load float, ptr %v214, align 4
  %v216 = insertelement <4 x float> poison, float %v215, i64 0
  %v217 = shufflevector <4 x float> %v216, <4 x float> poison, <4 x i32> zeroinitializer
  %v218 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v217, <4 x float> %v195, <4 x float> %v177)
  %v219 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v217, <4 x float> %v197, <4 x float> %v178)
  %v220 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v217, <4 x float> %v199, <4 x float> %v179)
  %v221 = getelementptr i8, ptr %v138, i64 32
  %v222 = load float, ptr %v221, align 4
  %v223 = insertelement <4 x float> poison, float %v222, i64 0
  %v224 = shufflevector <4 x float> %v223, <4 x float> poison, <4 x i32> zeroinitializer
  %v225 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v224, <4 x float> %v195, <4 x float> %v184)
  %v226 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v224, <4 x float> %v197, <4 x float> %v185)
  %v227 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v224, <4 x float> %v199, <4 x float> %v186)
  %v228 = getelementptr i8, ptr %v138, i64 36
  %v229 = load float, ptr %v228, align 4
  %v230 = insertelement <4 x float> poison, float %v229, i64 0
  %v231 = shufflevector <4 x float> %v230, <4 x float> poison, <4 x i32> zeroinitializer
  %v232 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v231, <4 x float> %v195, <4 x float> %v191)
  %v233 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v231, <4 x float> %v197, <4 x float> %v192)
  %v234 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v231, <4 x float> %v199, <4 x float> %v193)
  %v235 = getelementptr i8, ptr %v138, i64 40
  %v236 = getelementptr i8, ptr %v139, i64 144
  %v237 = add nuw nsw i64 %v137, 2
  %v238 = icmp slt i64 %v237, 6
  br i1 %v238, label %b135, label %b136
b136:
  %v239 = getelementptr i8, ptr %a2, i64 32
  %v240 = load <4 x float>, ptr %v239, align 4
  %v241 = fmul <4 x float> %v204, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v242 = fsub <4 x float> %v240, %v241
  %v243 = getelementptr i8, ptr %a2, i64 32
  store <4 x float> %v242, ptr %v243, align 4
  %v244 = getelementptr i8, ptr %a2, i64 48
  %v245 = load <4 x float>, ptr %v244, align 4
  %v246 = fmul <4 x float> %v205, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v247 = fsub <4 x float> %v245, %v246
  %v248 = getelementptr i8, ptr %a2, i64 48
  store <4 x float> %v247, ptr %v248, align 4
  %v249 = getelementptr i8, ptr %a2, i64 64
  %v250 = load <4 x float>, ptr %v249, align 4
  %v251 = fmul <4 x float> %v206, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v252 = fsub <4 x float> %v250, %v251
  %v253 = getelementptr i8, ptr %a2, i64 64
  store <4 x float> %v252, ptr %v253, align 4
  %v254 = getelementptr i8, ptr %a2, i64 112
  %v255 = load <4 x float>, ptr %v254, align 4
  %v256 = fmul <4 x float> %v211, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v257 = fsub <4 x float> %v255, %v256
  %v258 = getelementptr i8, ptr %a2, i64 112
  store <4 x float> %v257, ptr %v258, align 4
  %v259 = getelementptr i8, ptr %a2, i64 128
  %v260 = load <4 x float>, ptr %v259, align 4
  %v261 = fmul <4 x float> %v212, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v262 = fsub <4 x float> %v260, %v261
  %v263 = getelementptr i8, ptr %a2, i64 128
  store <4 x float> %v262, ptr %v263, align 4
  %v264 = getelementptr i8, ptr %a2, i64 144
  %v265 = load <4 x float>, ptr %v264, align 4
  %v266 = fmul <4 x float> %v213, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v267 = fsub <4 x float> %v265, %v266
  %v268 = getelementptr i8, ptr %a2, i64 144
  store <4 x float> %v267, ptr %v268, align 4
  %v269 = getelementptr i8, ptr %a2, i64 192
  %v270 = load <4 x float>, ptr %v269, align 4
  %v271 = fmul <4 x float> %v218, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v272 = fsub <4 x float> %v270, %v271
  %v273 = getelementptr i8, ptr %a2, i64 192
  store <4 x float> %v272, ptr %v273, align 4
  %v274 = getelementptr i8, ptr %a2, i64 208
  %v275 = load <4 x float>, ptr %v274, align 4
  %v276 = fmul <4 x float> %v219, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v277 = fsub <4 x float> %v275, %v276
  %v278 = getelementptr i8, ptr %a2, i64 208
  store <4 x float> %v277, ptr %v278, align 4
  %v279 = getelementptr i8, ptr %a2, i64 224
  %v280 = load <4 x float>, ptr %v279, align 4
  %v281 = fmul <4 x float> %v220, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v282 = fsub <4 x float> %v280, %v281
  %v283 = getelementptr i8, ptr %a2, i64 224
  store <4 x float> %v282, ptr %v283, align 4
  %v284 = getelementptr i8, ptr %a2, i64 272
  %v285 = load <4 x float>, ptr %v284, align 4
  %v286 = fmul <4 x float> %v225, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v287 = fsub <4 x float> %v285, %v286
  %v288 = getelementptr i8, ptr %a2, i64 272
  store <4 x float> %v287, ptr %v288, align 4
  %v289 = getelementptr i8, ptr %a2, i64 288
  %v290 = load <4 x float>, ptr %v289, align 4
  %v291 = fmul <4 x float> %v226, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v292 = fsub <4 x float> %v290, %v291
  %v293 = getelementptr i8, ptr %a2, i64 288
  store <4 x float> %v292, ptr %v293, align 4
  %v294 = getelementptr i8, ptr %a2, i64 304
  %v295 = load <4 x float>, ptr %v294, align 4
  %v296 = fmul <4 x float> %v227, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v297 = fsub <4 x float> %v295, %v296
  %v298 = getelementptr i8, ptr %a2, i64 304
  store <4 x float> %v297, ptr %v298, align 4
  %v299 = getelementptr i8, ptr %a2, i64 352
  %v300 = load <4 x float>, ptr %v299, align 4
  %v301 = fmul <4 x float> %v232, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v302 = fsub <4 x float> %v300, %v301
  %v303 = getelementptr i8, ptr %a2, i64 352
  store <4 x float> %v302, ptr %v303, align 4
  %v304 = getelementptr i8, ptr %a2, i64 368
  %v305 = load <4 x float>, ptr %v304, align 4
  %v306 = fmul <4 x float> %v233, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v307 = fsub <4 x float> %v305, %v306
  %v308 = getelementptr i8, ptr %a2, i64 368
  store <4 x float> %v307, ptr %v308, align 4
  %v309 = getelementptr i8, ptr %a2, i64 384
  %v310 = load <4 x float>, ptr %v309, align 4
  %v311 = fmul <4 x float> %v234, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v312 = fsub <4 x float> %v310, %v311
  %v313 = getelementptr i8, ptr %a2, i64 384
  store <4 x float> %v312, ptr %v313, align 4
  ret void
}

define internal void @step(ptr %arena, ptr %a1, ptr %a2, ptr %a3) #1 {
entry:
  call void @contract_1(ptr %a1, ptr %a2, ptr %a3)
  ret void
}

define void @run(ptr %arena, ptr %table) #0 {
entry:
  %v1 = load ptr, ptr %table, align 8
  %v2 = getelementptr i8, ptr %table, i64 8
  %v3 = load ptr, ptr %v2, align 8
  %v4 = getelementptr i8, ptr %table, i64 16
  %v5 = load ptr, ptr %v4, align 8
  call void @step(ptr %arena, ptr %v1, ptr %v3, ptr %v5)
  ret void
}

declare <4 x float> @llvm.fma.v4f32(<4 x float>, <4 x float>, <4 x float>)
declare <4 x float> @llvm.masked.load.v4f32.p0(ptr, i32, <4 x i1>, <4 x float>)
attributes #0 = { nounwind "prefer-vector-width"="128" "min-legal-vector-width"="128" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="128" "min-legal-vector-width"="128" "no-trapping-math"="true" }
